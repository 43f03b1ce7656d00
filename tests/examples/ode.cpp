// The parameters of a differential equation from what was seen of its solution: hares x and lynxes y of Lotka and
// Volterra, x' = a x - b x y, y' = c x y - d y, by Runge-Kutta steps through which the gradient flows.
#include <array>
#include <cmath>
#include <cstdio>

#include "autodiff/autodiff.h"
#include "nn/nn.h"

using Var = ad::Var<double>;

std::array<Var, 2> slope(const std::array<Var, 4>& p, Var x, Var y) {
  const Var xy = x * y;
  return {p[0] * x - p[1] * xy, p[2] * xy - p[3] * y};
}

// x and y after each of n steps of length h, in one row each: [2, n].
Var solve(ad::Tape<double>& tape, Var parameters, int n, double h) {
  std::array<Var, 4> p;
  for (std::size_t k = 0; k < 4; ++k) p[k] = ad::slice_cols(parameters, static_cast<int>(k), static_cast<int>(k) + 1);
  Var x = tape.constant(1.5), y = tape.constant(0.8);
  std::vector<Var> xs, ys;
  for (int step = 0; step < n; ++step) {
    const auto k1 = slope(p, x, y);
    const auto k2 = slope(p, x + h / 2 * k1[0], y + h / 2 * k1[1]);
    const auto k3 = slope(p, x + h / 2 * k2[0], y + h / 2 * k2[1]);
    const auto k4 = slope(p, x + h * k3[0], y + h * k3[1]);
    x += h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0]);
    y += h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1]);
    xs.push_back(x), ys.push_back(y);
  }
  return ad::concat_rows({ad::concat_cols(std::span<const Var>(xs)), ad::concat_cols(std::span<const Var>(ys))});
}

int main() {
  constexpr int kSteps = 100;
  constexpr double kLength = 0.1;
  const ad::Tensor<double> truth(1, 4, {1.1, 0.4, 0.3, 0.9});
  ad::Tape<double> tape;
  const ad::Tensor<double> seen(solve(tape, tape.constant(truth), kSteps, kLength).value());

  ad::Parameter<double> guess(ad::Tensor<double>(1, 4, {0.8, 0.6, 0.5, 0.6}));
  ad::nn::Adam<double> adam;
  for (int step = 0; step < 1500; ++step) {
    tape.reset();
    tape.backward(ad::mse(solve(tape, tape.parameter(guess), kSteps, kLength), tape.reference(seen.view())));
    adam.options().learning_rate = 0.03 * ad::nn::cosine(step, 1500);
    adam.step(guess, tape);
  }
  double worst = 0;
  for (int k = 0; k < 4; ++k) worst = std::max(worst, std::abs(guess.value(0, k) - truth(0, k)));
  std::printf("a %.6f, b %.6f, c %.6f, d %.6f: off by at most %.1e\n", guess.value(0, 0), guess.value(0, 1),
              guess.value(0, 2), guess.value(0, 3), worst);
  return worst < 1e-4 ? 0 : 1;
}
