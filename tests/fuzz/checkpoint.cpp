// Checkpoints: the input damages a sound one, six bytes at a time: which file, what is done to it, where (two bytes),
// with what, and whether its checksum is then made right, so that what lies behind that check is reached.
#include <array>
#include <cmath>
#include <filesystem>
#include <map>

#include "fuzz.h"
#include "nn/checksum.h"
#include "recvae/checkpoint.h"

using namespace recvae;
using namespace recvae::test;

namespace {

using Files = std::map<std::string, std::string>;

/// A run of three users and five items, stopped in the midst of its second epoch.
struct Problem {
  Settings settings;
  data::Csr rows;
  data::HeldOut held_out;
  MetricContext context;
  std::vector<std::string> tokens{"a", "b", "c", "d", "e"};

  Problem() {
    settings.hidden_dimension = 4;
    settings.latent_dimension = 2;
    settings.train_batch_size = 2;
    rows.cols = 5;
    for (const std::int32_t first : {0, 1, 2}) rows.append(std::array{first, first + 1, first + 2});
    held_out = {{"u"}, {5}, {5}};
    held_out.history.append(std::array{0, 1});
    held_out.targets.append(std::array{2});
    context = metric_context(rows, RecallDenominator::min);
  }
  Fit fit(InitialModel start) const {
    return Fit(settings, rows, held_out, context, std::move(start), folder().path("scratch"));
  }
};

Files sound_checkpoint(const Problem& p) {
  Fit fit = p.fit(initial_model(p.settings, p.tokens));
  int steps = 0;
  fit.run([&](const FitEpoch*) { return ++steps < 12; });
  const std::string settings = to_json(p.settings), hash = "hash", path = folder().path("sound");
  std::filesystem::create_directory(path);
  const std::string best = folder().path("best");
  const ModelMetadata metadata{settings, p.tokens, hash};
  write_checkpoint(path, fit, metadata, {settings, {{"rows", "hash"}}, "engine"}, "{\"epoch\":1}\n",
                   WrittenFile{best, fit.save(best, metadata)}, false);
  Files files;
  for (const auto& at : std::filesystem::directory_iterator(path))
    files[at.path().filename().string()] = read_file(at.path().string());
  return files;
}

void damage(Files& files, std::string_view how) {
  const auto byte = [&](std::size_t k) { return static_cast<std::uint8_t>(how[k]); };
  const auto nth = [&](std::size_t n) -> std::string& {
    return std::next(files.begin(), static_cast<std::ptrdiff_t>(n % files.size()))->second;
  };
  std::string& file = nth(byte(0));
  const std::size_t at = file.empty() ? 0 : (std::size_t{byte(2)} << 8 | byte(3)) % file.size();
  switch (byte(1) % 6) {
    case 0:
      if (!file.empty()) file[at] = static_cast<char>(file[at] ^ (1 << (byte(4) % 8)));
      break;
    case 1:
      if (!file.empty()) file[at] = static_cast<char>(byte(4));
      break;
    case 2:
      file.resize(at);
      break;
    case 3:
      file = nth(byte(4));
      break;
    case 4:
      file.insert(at, std::string(byte(4), static_cast<char>(byte(3))));
      break;
    case 5:
      file.erase(at, byte(4));
      break;
  }
  if (byte(5) % 2 == 0) return;
  std::string sums;
  for (const auto& [name, content] : files) {
    if (name == "xxh128sums") continue;
    ad::nn::Checksum sum;
    sum.add(content);
    sums += sum.digits() + "  " + name + "\n";
  }
  files["xxh128sums"] = sums;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const Problem problem;
  static const Files sound = sound_checkpoint(problem);
  Files files = sound;
  for (std::string_view how = as_text(bytes, size); how.size() >= 6; how.remove_prefix(6)) damage(files, how);
  for (const auto& [name, content] : files) folder().write("damaged/" + name, content);
  const bool loaded = survives([&] {
    const Checkpoint found(folder().path("damaged"));
    Fit fit = problem.fit(found.model());
    found.restore(fit);
    int steps = 0;
    fit.run([&](const FitEpoch*) { return ++steps < 3; });
  });
  promise(files != sound || loaded, "a sound checkpoint is loaded");
  return 0;
}
