#include "data/prepare.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "../support/temp_dir.h"
#include "support.h"

using namespace recvae::data;
using namespace recvae::test;
namespace fs = std::filesystem;

namespace {

std::set<std::string> names_in(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename().string());
  return names;
}

const std::set<std::string> seven{"train.csv",   "validation_tr.csv", "validation_te.csv", "test_tr.csv",
                                  "test_te.csv", "unique_sid.txt",    "unique_uid.txt"};

void check_equal(const HeldOut& a, const HeldOut& b) {
  CHECK(a.user_tokens == b.user_tokens);
  CHECK(a.history == b.history);
  CHECK(a.targets == b.targets);
}

void check_equal(const Dataset& a, const Dataset& b) {
  CHECK(a.item_tokens == b.item_tokens);
  CHECK(a.user_tokens == b.user_tokens);
  CHECK(a.train == b.train);
  CHECK(a.strong == b.strong);
  check_equal(a.validation, b.validation);
  check_equal(a.test, b.test);
}

}  // namespace

TEST_CASE("raw data and what prepare makes of them are the same data set") {
  TempDir dir;
  DataOptions options = options_for(dir.write("r.csv", some_table(90)));
  options.threshold = 2.5;
  options.heldout_users = 15;
  const Summary summary = prepare(options, dir.path("deep/er/p/"));
  CHECK(names_in(dir.path("deep/er")) == std::set<std::string>{"p"});
  CHECK(names_in(dir.path("deep/er/p")) == seven);
  const Dataset raw = load(options);
  CHECK(describe(raw.summary) == describe(summary));
  CHECK(raw.validation.targets.nnz() > 0);
  check_equal(raw, load(options_for(dir.path("deep/er/p"))));

  for (const auto& name : seven) {  // and compressed
    dir.write("z/" + name + ".gz", gzipped(read_file(dir.path("deep/er/p/" + name))));
  }
  check_equal(raw, load(options_for(dir.path("z"))));
}

TEST_CASE("an output directory that is in use, or cannot be made, is left alone") {
  TempDir dir;
  DataOptions options = options_for(dir.write("r.csv", some_table(50)));
  dir.write("full/x", "");
  CHECK(error_of([&] { prepare(options, dir.path("full")); }).find("expected a new or an empty directory") !=
        std::string::npos);
  CHECK(error_of([&] { prepare(options, dir.path("r.csv")); }).find("expected a new or an empty") != std::string::npos);
  CHECK(error_of([&] { prepare(options, dir.path("r.csv/p")); }).find("cannot be written") != std::string::npos);
  CHECK(error_of([&] { prepare(options, ""); }).starts_with("usage: --out"));
  options.heldout_users = 40;
  CHECK(error_of([&] { prepare(options, dir.path("new/p")); }).find("found 50") != std::string::npos);
  options.heldout_users = 5;
  CHECK_THROWS_AS(prepare(options, dir.path("new/p"), [] { return true; }), Stopped);
  int asked = 0;
  CHECK_THROWS_AS(prepare(options, dir.path("new/er/p"), [&] { return ++asked > 1; }), Stopped);
  CHECK(asked == 2);  // all files were written
  CHECK(error_of([&] { prepare(options, dir.path("new/er/") + std::string(250, 'x')); }).ends_with("too long"));
  CHECK(names_in(dir.path()) == std::set<std::string>{"full", "r.csv"});
  fs::create_directory(dir.path("empty"));
  prepare(options, dir.path("empty"));
  CHECK(names_in(dir.path("empty")) == seven);
  CHECK(error_of([&] { prepare(options_for(dir.path("empty")), dir.path("again")); }).ends_with("already split"));
}

TEST_CASE("ml-100k: the bytes of the authors' preprocessing") {
  const std::string datasets = RECVAE_DATASETS;
  if (datasets.empty()) {
    MESSAGE("skipped: the Meson option datasets is not set");
    return;
  }
  TempDir dir;
  DataOptions options = options_for(datasets + "/ml-100k/ml-100k.inter");
  options.threshold = 3.5;
  options.heldout_users = 100;
  prepare(options, dir.path("p"));
  dir.write("p/sums", R"(697ffdb997b1a2630c2055b7a314c1beea0205ad7d47ae2d037a23a1567bbfcf  train.csv
4317c4dfd49ff77c8dc78a2494f0cb00e33179822c1f6cdac7ecdd623121a1f4  validation_tr.csv
82827be21bf08f0fe77cfa4c9c2b982c0ce6a5bb3e53678e0be2c3f99cddfe9f  validation_te.csv
b0874e11ca12878bbe6d53eae2941e4ee372c569d32709c29c2277d30fc0c70a  test_tr.csv
6b803463e19ac7097a41f5b8e58a33e4eff25b09414beb4bb9e2bd29e72ce707  test_te.csv
68dedf17647849ff78eb0134c8db3e84fd4f9c44730219d0a370778550879d7b  unique_sid.txt
1cc8873e8faeb2140c4d24e2a14ff975cf8d51a498a6db308e0aa9921d6d4b06  unique_uid.txt
)");
  CHECK(std::system(("cd '" + dir.path("p") + "' && sha256sum --check --quiet sums").c_str()) == 0);
}
