#include "recvae/checkpoint.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "ablations.h"
#include "fit_problem.h"
#include "recvae/run.h"

using namespace recvae;
using recvae::test::read_file;
namespace fs = std::filesystem;

namespace {

/// A run of the problem in a directory of its own.
struct Directory {
  explicit Directory(test::FitProblem& problem, const std::string& name) : p(problem), path(p.dir.path(name)) {
    fs::create_directory(path);
    text = to_json(p.settings);
    identity = {text, {{"rows", "hash"}}, "engine"};
  }

  /// Runs from where it stands, for at most so many steps; true where that was to the end.
  bool run(std::int64_t steps = 1'000'000) {
    std::vector<std::string> warnings;
    std::optional<Checkpoint> from = Checkpoints(path).last([&](const std::string& w) { warnings.push_back(w); });
    warned = std::move(warnings);
    Fit fit = p.fit(from ? from->model() : p.start());
    const ModelMetadata metadata{text, p.tokens, hash};
    Run run(fit, metadata, identity, path);
    if (from) run.resume(*from);
    run.run([&](const FitEpoch*) { return --steps > 0 || fit.finished(); });
    return fit.finished();
  }

  std::string file(const std::string& name) const { return path + "/" + name; }
  /// The log without its times.
  std::string log() const {
    std::ifstream in(file("metrics.jsonl"));
    std::string all;
    for (std::string line; std::getline(in, line);) all += line.substr(0, line.find("\"seconds\"")) + "\n";
    return all;
  }

  test::FitProblem& p;
  std::string path, text, hash = "trained on";
  RunIdentity identity;
  std::vector<std::string> warned;
};

void flip(const std::string& path, std::int64_t at) {
  std::string bytes = read_file(path);
  bytes[static_cast<std::size_t>(at < 0 ? std::ssize(bytes) + at : at)] ^= 1;
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const ad::Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("checkpoint: stopped at any step and resumed, a run ends with the same bytes") {
  const auto settings_of = [](Settings& s, int variant) {
    s.epochs = 3;
    s.metrics = {"recall@5"};
    if (variant == 1) s.alternating = false;
    if (variant == 2) s.prior_update = "never";
    if (variant == 3) s.prior_update = "never", s.alternating = false;
    if (variant == 4) s.prior_init = "encoder", s.n_dec_epochs = 2, s.n_enc_epochs = 1, s.clip_grad_norm = 0.1;
    if (variant == 5) s.shuffle = false, s.weight_decay = 0.01, s.eval_step = 2, s.train_batch_size = 7;
    if (variant == 6) s.stopping_step = 0, s.gamma = 0, s.epochs = 6, s.n_enc_epochs = 1;
    if (variant == 7) s.implicit_slim = 2, s.epochs = 4, s.n_enc_epochs = 1;
    if (variant > 7) test::kAblations[variant - 8].apply(s);
  };
  for (int variant = 0; variant < 8 + std::ssize(test::kAblations); ++variant) {
    CAPTURE(variant);
    test::FitProblem p;
    settings_of(p.settings, variant);
    Directory whole(p, "whole");
    REQUIRE(whole.run());
    int stops = 0;
    for (std::int64_t step = 1;; step += variant == 0 ? 2 : 7, ++stops) {
      Directory parts(p, "parts" + std::to_string(step));
      const bool ended = parts.run(step);
      if (!ended) parts.run(2);  // and once more
      parts.run();
      CHECK(read_file(parts.file("checkpoint/model.safetensors")) ==
            read_file(whole.file("checkpoint/model.safetensors")));
      CHECK(read_file(parts.file("model.safetensors")) == read_file(whole.file("model.safetensors")));
      CHECK(parts.log() == whole.log());
      fs::remove_all(parts.path);
      if (ended) break;
    }
    CHECK(stops >= 2);
  }
}

TEST_CASE("checkpoint: a run that is resumed when it has ended changes nothing, and may be given more epochs") {
  test::FitProblem p;
  p.settings.epochs = 2;
  Directory run(p, "run");
  REQUIRE(run.run());
  const std::string model = read_file(run.file("model.safetensors")), log = read_file(run.file("metrics.jsonl"));
  fs::remove(run.file("model.safetensors"));  // all that matters is in the checkpoint
  fs::remove(run.file("metrics.jsonl"));
  REQUIRE(run.run());
  CHECK(read_file(run.file("model.safetensors")) == model);
  CHECK(read_file(run.file("metrics.jsonl")) == log);

  p.settings.epochs = 5;
  Directory longer(p, "run2"), whole(p, "whole");
  fs::remove_all(longer.path);
  fs::rename(run.path, longer.path);
  REQUIRE(longer.run());
  REQUIRE(whole.run());
  CHECK(longer.log() == whole.log());
  CHECK(read_file(longer.file("checkpoint/model.safetensors")) ==
        read_file(whole.file("checkpoint/model.safetensors")));
}

TEST_CASE("checkpoint: a damaged one is found, and the one before goes on to the same bytes") {
  test::FitProblem p;
  p.settings.epochs = 3;
  Directory whole(p, "whole");
  REQUIRE(whole.run());
  for (const char* name : {"model.safetensors", "training.safetensors", "best.safetensors", "xxh128sums"}) {
    for (int damage = 0; damage < 4; ++damage) {
      CAPTURE(name);
      CAPTURE(damage);
      Directory run(p, std::string(name) + std::to_string(damage));
      run.run(15);
      run.run(15);
      const std::string path = run.file("checkpoint/") + name;
      fs::copy_file(path, path + ".own");  // the checkpoint before may be a link to the same best weights
      fs::rename(path + ".own", path);
      if (damage == 0) flip(path, 20);
      if (damage == 1) flip(path, -1);
      if (damage == 2) fs::resize_file(path, fs::file_size(path) / 2);
      if (damage == 3) fs::remove(path);
      REQUIRE(run.run());
      REQUIRE(run.warned.size() == 1);
      CHECK(run.warned[0].find("checkpoint/") != std::string::npos);
      CHECK(run.warned[0].find("going on from the checkpoint before it, of epoch ") != std::string::npos);
      CHECK(read_file(run.file("model.safetensors")) == read_file(whole.file("model.safetensors")));
      CHECK(read_file(run.file("checkpoint/model.safetensors")) ==
            read_file(whole.file("checkpoint/model.safetensors")));
    }
  }
}

TEST_CASE("checkpoint: files of another checkpoint are not taken for its own") {
  test::FitProblem p;
  Directory run(p, "run");
  run.run(15);
  run.run(15);
  const fs::path last = fs::canonical(run.file("checkpoint")),
                 before = last.parent_path() / std::to_string(std::stoi(last.filename()) - 1);
  fs::copy_file(before / "training.safetensors", last / "training.safetensors", fs::copy_options::overwrite_existing);
  run.run(1);
  REQUIRE(run.warned.size() == 1);
  CHECK(run.warned[0].find("training.safetensors: the file is damaged") != std::string::npos);
}

TEST_CASE("checkpoint: where none is sound, that is an error, and nothing is touched") {
  test::FitProblem p;
  Directory run(p, "run");
  run.run(5);
  flip(run.file("checkpoint/training.safetensors"), -1);
  const std::string error = error_of([&] { run.run(); });
  CHECK(error.find("training.safetensors: the file is damaged") != std::string::npos);
  CHECK(error.find("expected a sound checkpoint before it, found none") != std::string::npos);
  CHECK(fs::exists(run.file("checkpoint/xxh128sums")));
}

TEST_CASE("checkpoint: at most two are kept, and what a killed run left half-written goes") {
  test::FitProblem p;
  Directory run(p, "run");
  run.run(5);
  fs::create_directory(run.file(".checkpoints/77"));
  std::ofstream(run.file(".checkpoints/77/model.safetensors")) << "half";
  for (int k = 0; k < 4; ++k) {
    run.run(5);
    CHECK(run.warned.empty());
    const auto kept = std::distance(fs::directory_iterator(run.file(".checkpoints")), fs::directory_iterator());
    CHECK(kept == 2);
  }
}

TEST_CASE("checkpoint: a copy of a run, with a directory in place of the link, goes on") {
  test::FitProblem p;
  p.settings.epochs = 2;
  Directory run(p, "run"), whole(p, "whole");
  REQUIRE(whole.run());
  run.run(5);
  run.run(5);
  const fs::path last = fs::canonical(run.file("checkpoint"));
  fs::remove(run.file("checkpoint"));
  fs::copy(last, run.file("checkpoint"));
  fs::remove_all(run.file(".checkpoints"));
  run.run(5);
  CHECK(run.warned.empty());
  CHECK(fs::is_symlink(run.file("checkpoint")));
  REQUIRE(run.run());
  CHECK(read_file(run.file("model.safetensors")) == read_file(whole.file("model.safetensors")));
}

TEST_CASE("checkpoint: what cannot be written ends the run, and the checkpoint before is as it was") {
  test::FitProblem p;
  Directory run(p, "run");
  run.run(5);
  const std::string before = read_file(run.file("checkpoint/training.safetensors"));
  Checkpoints keeper(run.path);
  const std::string error = error_of([&] {
    keeper.add([](const std::string& directory) {
      std::ofstream(directory + "/model.safetensors") << "half";
      throw ad::Error("no space");
    });
  });
  CHECK(error == "no space");
  CHECK(read_file(run.file("checkpoint/training.safetensors")) == before);
  CHECK(std::distance(fs::directory_iterator(run.file(".checkpoints")), fs::directory_iterator()) == 1);
}

TEST_CASE("checkpoint: what differs between two runs is named") {
  const RunIdentity before{R"({"gamma":0.005,"epochs":3,"seed":1})", {{"the items", "a"}, {"the rows", "b"}}, ""};
  RunIdentity now = before;
  CHECK(differences(before, now).empty());
  now.settings = R"({"gamma":0.01,"epochs":9,"seed":1,"new":null})";
  now.data[1].second = "c";
  const std::vector<std::string> names = differences(before, now);
  REQUIRE(names.size() == 3);
  CHECK(names[0] == "gamma (0.005 before, 0.01 now)");
  CHECK(names[1] == "new (none before, null now)");
  CHECK(names[2] == "the rows");
}

TEST_CASE("checkpoint: a state that is none of these settings and data is refused") {
  test::FitProblem p;
  Directory run(p, "run");
  run.run(5);
  const Checkpoint good(run.file("checkpoint"));
  p.settings.train_batch_size = 60;  // one batch a pass
  Fit fit = p.fit();
  CHECK(error_of([&] { good.restore(fit); }).find("training state is not one of these settings and data") !=
        std::string::npos);
  p.settings.train_batch_size = 20;
  p.settings.latent_dimension = 5;
  Fit narrower = p.fit();
  CHECK(error_of([&] { good.restore(narrower); }).find("expected [5, 16]") != std::string::npos);
}

TEST_CASE("run: the best epoch's weights are written when something else ends the training, wherever they waited") {
  test::FitProblem p;
  p.settings.epochs = 1000;
  Directory directory(p, "run");
  Fit fit = p.fit();
  const ModelMetadata metadata{directory.text, p.tokens, directory.hash};
  Run run(fit, metadata, directory.identity, directory.path);
  const auto worse_than_before = [&](const FitEpoch* ended) {
    if (ended && fit.state().epochs > fit.state().best_epoch + 2) throw ad::Error("diverged");
    return true;
  };
  CHECK(error_of([&] { run.run(worse_than_before); }) == "diverged");
  const LoadedModel best = load_model(directory.file("model.safetensors"), Load::model);
  const Evaluation found = evaluate(*model_scorer(best.model), p.validation, {fit.valid_metric()}, p.context);
  CHECK(found.means[0] == *fit.state().best);
}
