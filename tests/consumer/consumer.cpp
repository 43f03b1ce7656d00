#include <cstdio>
#include "autodiff/autodiff.h"
#include "nn/nn.h"

int main() {
  ad::Tensor<float> x(64, 3), y(64, 1);  // owning, row-major, zero-filled
  for (int i = 0; i < 64; ++i) {
    for (int j = 0; j < 3; ++j) x(i, j) = 0.1f * static_cast<float>((i * (j + 1)) % 7) - 0.3f;
    y(i, 0) = 2 * x(i, 0) - x(i, 1) + 0.5f;
  }
  ad::nn::Linear<float> model(3, 1, /*seed=*/42);  // in, out
  ad::nn::Adam<float> adam({.learning_rate = 0.05f});
  ad::Tape<float> tape;
  float last = 0;
  for (int step = 0; step < 800; ++step) {
    ad::Var<float> error = model(tape.constant(x)) - tape.constant(y);
    ad::Var<float> loss = ad::mean(ad::square(error));
    tape.backward(loss);
    adam.step(model, tape);  // every trainable parameter that the tape reached
    last = loss.value()(0, 0);
    tape.reset();
  }
  std::printf("%g\n", static_cast<double>(last));
  return last < 1e-4f ? 0 : 1;
}
