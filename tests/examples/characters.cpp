// A model of text, character by character, after Bengio et al. 2003: the next one from the twelve before it. It shows
// where matrices end: a batch of sequences is three-dimensional, so that each place of the context is a matrix of its
// own, and attention would be a product for each sequence.
//
//   characters FILE       any text of some size, such as a licence
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "autodiff/autodiff.h"
#include "nn/nn.h"

constexpr std::size_t kContext = 12;

struct Characters {
  ad::nn::Embedding<float> letters{256, 24, /*seed=*/1};
  ad::nn::Linear<float> hidden{24 * kContext, 192, /*seed=*/2}, out{192, 256, /*seed=*/3};
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("letters", self.letters);
    f("hidden", self.hidden);
    f("out", self.out);
  }
  // places[k]: of each sample the character k places after its first one.
  ad::Var<float> operator()(ad::Tape<float>& tape,
                            const std::array<std::vector<std::int32_t>, kContext>& places) const {
    std::vector<ad::Var<float>> context;
    for (const auto& ids : places) context.push_back(letters(tape, ids));
    return out(ad::gelu(hidden(ad::concat_cols(std::span<const ad::Var<float>>(context)))));
  }
};

// Samples that begin at the given places of the text: their contexts, and what comes after.
struct Samples {
  std::array<std::vector<std::int32_t>, kContext> places;
  std::vector<std::int32_t> next;
  void add(const std::string& text, std::size_t at) {
    const auto code = [&](std::size_t i) { return std::int32_t{static_cast<unsigned char>(text[i])}; };
    for (std::size_t k = 0; k < kContext; ++k) places[k].push_back(code(at + k));
    next.push_back(code(at + kContext));
  }
};

int main(int argc, char** argv) {
  std::ifstream file(argc == 2 ? argv[1] : "");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() < 5000)
    return std::fprintf(stderr, "usage: characters FILE, a text of 5,000 characters or more\n"), 2;
  const std::size_t trained = text.size() * 9 / 10;

  Characters model;
  ad::nn::AdamW<float> adam;
  ad::Tape<float> tape;
  constexpr int kSteps = 1500;
  for (int step = 0; step < kSteps; ++step) {
    Samples batch;
    for (std::uint64_t k = 0; k < 128; ++k) {
      const double draw = ad::uniform({.seed = 4, .step = static_cast<std::uint64_t>(step)}, k);
      batch.add(text, static_cast<std::size_t>(draw * static_cast<double>(trained - kContext)));
    }
    tape.backward(ad::cross_entropy(model(tape, batch.places), batch.next));
    ad::nn::clip_grad_norm(model, tape, 1);
    adam.options().learning_rate = 3e-3 * ad::nn::warm_up(step, 50) * ad::nn::cosine(step, kSteps);
    adam.step(model, tape);
    tape.reset();
  }

  const auto no_grad = tape.no_grad();
  Samples unseen;
  for (std::size_t at = trained; at + kContext < text.size(); ++at) unseen.add(text, at);
  const double bits =
      static_cast<double>(ad::cross_entropy(model(tape, unseen.places), unseen.next).item()) / std::log(2.0);
  std::string written = text.substr(trained, kContext);
  for (int k = 0; k < 60; ++k) {
    Samples last;
    last.add(written + ' ', written.size() - kContext);
    const ad::ConstMatrix<float> logits = model(tape, last.places).value();
    written += static_cast<char>(std::max_element(logits.data, logits.data + 256) - logits.data);
  }
  std::printf("%.2f bits for each unseen character; goes on: %s\n", bits, written.c_str());
  return bits < 3.8 ? 0 : 1;  // 4.6 by the letters' frequencies alone
}
