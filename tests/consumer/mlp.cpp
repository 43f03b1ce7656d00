// A small network on two interleaved spirals, with the installed library alone: how one composes layers into
// a model of one's own. Exits 0 if it separates all points.
#include <cmath>
#include <cstdio>
#include <numbers>

#include "autodiff/autodiff.h"
#include "nn/nn.h"

// A model is a plain struct: its layers, one `visit` that names them, and a const forward pass.
struct Mlp {
  ad::nn::Linear<float> first{2, 24, /*seed=*/1};
  ad::nn::Linear<float> second{24, 24, /*seed=*/2};
  ad::nn::Linear<float> last{24, 1, /*seed=*/3};

  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("first", self.first);
    f("second", self.second);
    f("last", self.last);
  }

  ad::Var<float> operator()(ad::Var<float> x) const { return last(ad::tanh(second(ad::tanh(first(x))))); }
};

int main() {
  constexpr int kPerClass = 60;
  ad::Tensor<float> points(2 * kPerClass, 2), labels(2 * kPerClass, 1);
  for (int i = 0; i < 2 * kPerClass; ++i) {
    const bool second_spiral = i >= kPerClass;
    const float t = static_cast<float>(i % kPerClass) / kPerClass;
    const float angle = 3 * std::numbers::pi_v<float> * t + (second_spiral ? std::numbers::pi_v<float> : 0);
    points(i, 0) = (0.2f + t) * std::cos(angle);
    points(i, 1) = (0.2f + t) * std::sin(angle);
    labels(i, 0) = second_spiral ? 1.0f : -1.0f;
  }

  Mlp model;
  ad::nn::Adam<float> adam({.learning_rate = 0.01f});
  ad::Tape<float> tape;
  for (int step = 0; step < 1500; ++step) {
    ad::Var<float> error = model(tape.constant(points)) - tape.constant(labels);
    tape.backward(ad::mean(ad::square(error)));
    adam.step(model, tape);
    tape.reset();
  }

  int wrong = 0;
  auto no_grad = tape.no_grad();  // only the values are wanted now
  ad::Var<float> scores = model(tape.constant(points));
  for (int i = 0; i < 2 * kPerClass; ++i) wrong += scores.value()(i, 0) * labels(i, 0) <= 0;
  std::printf("%d of %d points on the wrong side\n", wrong, 2 * kPerClass);
  return wrong == 0 ? 0 : 1;
}
