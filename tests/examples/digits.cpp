// Handwritten digits: softmax regression, and a network of one hidden layer, on 8 x 8 pixels.
//
//   digits FILE.csv.gz        lines of 64 pixels from 0 to 16 and the digit, as Debian's python3-sklearn ships them
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "autodiff/autodiff.h"
#include "nn/nn.h"

struct Digits {
  std::vector<float> pixels;  // 64 to a digit
  std::vector<std::int32_t> labels;
};

struct Regression {
  ad::nn::Linear<float> out{64, 10, /*seed=*/1};
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("out", self.out);
  }
  ad::Var<float> operator()(ad::Var<float> x, std::uint64_t) const { return out(x); }
};

struct Mlp {
  ad::nn::Linear<float> hidden{64, 512, /*seed=*/1}, out{512, 10, /*seed=*/2};
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("hidden", self.hidden);
    f("out", self.out);
  }
  // Half of the hidden units are dropped in training; step 0: none.
  ad::Var<float> operator()(ad::Var<float> x, std::uint64_t step) const {
    return out(ad::dropout(ad::relu(hidden(x)), step > 0 ? 0.5 : 0, {.seed = 3, .step = step}));
  }
};

template <class Model>
double train_and_test(Model model, const Digits& train, const Digits& test) {
  constexpr int kBatch = 64, kEpochs = 100;
  const int batches = static_cast<int>(train.labels.size()) / kBatch;
  ad::nn::AdamW<float> adam({.weight_decay = 0.01});
  ad::Tape<float> tape;
  for (int step = 1; step <= kEpochs * batches; ++step) {
    const auto first = static_cast<std::size_t>(step % batches * kBatch);
    const auto x = tape.reference({train.pixels.data() + 64 * first, kBatch, 64});
    tape.backward(
        ad::cross_entropy(model(x, static_cast<std::uint64_t>(step)), std::span(train.labels).subspan(first, kBatch)));
    adam.options().learning_rate = 3e-3 * ad::nn::cosine(step, kEpochs * batches);
    adam.step(model, tape);
    tape.reset();
  }
  const auto n = static_cast<ad::Index>(test.labels.size());
  const ad::ConstMatrix<float> logits = model(tape.reference({test.pixels.data(), n, 64}), 0).value();
  int right = 0;
  for (ad::Index i = 0; i < n; ++i) {
    right +=
        std::max_element(logits.row(i), logits.row(i) + 10) - logits.row(i) == test.labels[static_cast<std::size_t>(i)];
  }
  return right / static_cast<double>(n);
}

int main(int argc, char** argv) {
  const gzFile file = argc == 2 ? gzopen(argv[1], "r") : nullptr;
  if (!file) return std::fprintf(stderr, "usage: digits FILE.csv.gz, a file that can be read\n"), 2;
  Digits train, test;
  char line[1024];
  for (int k = 0; gzgets(file, line, sizeof line); ++k) {
    Digits& part = ad::uniform({}, static_cast<std::uint64_t>(k)) < 0.2 ? test : train;
    char* at = line;
    for (int pixel = 0; pixel < 64; ++pixel, ++at) part.pixels.push_back(std::strtof(at, &at) / 16);
    part.labels.push_back(std::atoi(at));
  }
  gzclose(file);
  const double linear = train_and_test(Regression{}, train, test), deep = train_and_test(Mlp{}, train, test);
  std::printf("%zu digits: %.2f %% right by softmax regression, %.2f %% with a hidden layer\n", test.labels.size(),
              100 * linear, 100 * deep);
  return deep >= 0.97 ? 0 : 1;
}
