// Weight files: models, and item weights. An input that begins with '{' is a header, up to the end of its line, to
// which its length is added, and the data after it: so that mutations reach what lies behind the length.
#include <array>
#include <cmath>

#include "fuzz.h"
#include "nn/atomic_file.h"
#include "nn/safetensors.h"
#include "recvae/baselines/weights_file.h"
#include "recvae/evaluate/evaluator.h"
#include "recvae/model_file.h"

using namespace recvae;
using namespace recvae::test;

namespace {

std::string file_of(std::string_view input) {
  if (!input.starts_with('{')) return std::string(input);
  const std::string_view header = cut(input, "\n");
  std::string file(8, '\0');
  for (std::size_t k = 0, n = header.size(); k < 8; ++k, n >>= 8) file[k] = static_cast<char>(n & 255);
  return file.append(header).append(input);
}

void read_all(const std::string& path) {
  ad::nn::SafetensorsReader reader(path);
  for (const auto& [name, info] : reader.tensors()) {
    ad::nn::AtomicFile nowhere("/dev/null");  // a real file would wait for the disk
    reader.copy(name, nowhere);               // all the bytes that the header names, or it throws
    for (const auto layout : {ad::nn::Layout::matrix, ad::nn::Layout::transposed}) {
      survives([&, &name = name] { reader.read<float>(name, layout); });
      survives([&, &name = name] { reader.read<double>(name, layout); });
    }
  }
}

/// Scores with whatever it is.
void list(Scorer& scorer, std::int64_t items) {
  data::Csr histories;
  histories.cols = static_cast<std::int32_t>(items);
  const std::int32_t first = 0;
  for (const std::size_t count : {0, 1}) histories.append(std::span(&first, count));
  recommend(scorer, histories, 3, {true}, [&](std::int64_t, std::span<const Scored> best) {
    promise(std::ssize(best) <= items, "a list has items of the catalogue");
    for (const Scored& s : best) promise(std::isfinite(s.score), "scores are finite");
  });
}

void load_and_save_weights(const std::string& path) {
  const LoadedWeights loaded = load_weights(path);
  list(*item_weights_scorer(loaded.weights), loaded.weights->items());
  const std::string copy = folder().path("copy.safetensors");
  survives([&] { save_for_serving(copy, loaded, ad::nn::Precision::half); });  // what a half holds
  save_for_serving(copy, loaded);
  promise(load_weights(copy).item_tokens == loaded.item_tokens, "what was written for serving is read");
}

void load_and_save(const std::string& path) {
  load_model(path, Load::model);
  const LoadedModel loaded = load_model(path, Load::with_old_encoder);
  promise(std::isfinite(loaded.model.encoder.ln1.eps) && loaded.model.encoder.ln1.eps > 0,
          "layer_norm_eps is positive");
  survives([&] { list(*model_scorer(loaded.model), loaded.model.items()); });
  const std::string copy = folder().path("copy.safetensors");
  save_model(copy, loaded.model, loaded.old_encoder.value_or(loaded.model.encoder),
             {loaded.settings.empty() ? "{}" : loaded.settings, loaded.item_tokens, loaded.trained_on});
  for (const auto precision : {ad::nn::Precision::full, ad::nn::Precision::half}) {
    save_for_serving(copy, loaded, precision);
    promise(load_model(copy, Load::model).item_tokens == loaded.item_tokens, "what was written for serving is read");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string path = folder().write("x.safetensors", file_of(as_text(bytes, size)));
  survives([&] { read_all(path); });
  survives([&] { load_and_save(path); });
  survives([&] { load_and_save_weights(path); });
  return 0;
}
