// A mixture of Gaussians with full covariances, in the parameters of the ADBench suite: weights alpha, means mu, and of
// each inverse square root Q its logarithmic diagonal q and what is below it. First the gradient is checked, then the
// mixture is fitted by it to points that were drawn from a known one.
#include <cmath>
#include <cstdio>
#include <numbers>
#include <vector>

#include "autodiff/autodiff.h"
#include "nn/nn.h"

using Var = ad::Var<double>;

ad::Tensor<double> drawn(ad::Index rows, ad::Index cols, double deviation, std::uint64_t seed) {
  ad::Tensor<double> t(rows, cols);
  ad::fill_normal(t.view(), deviation, {.seed = seed});
  return t;
}

struct Component {
  ad::Parameter<double> mu, q, below;
  Component(const ad::Tensor<double>& center, std::uint64_t seed)
      : mu(center), q(drawn(1, center.cols(), 0.1, seed)), below(drawn(center.cols(), center.cols(), 0.1, seed + 1)) {}
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("mu", self.mu);
    f("q", self.q);
    f("below", self.below);
  }
  // log N(x; mu, (Q^T Q)^-1) of each row of x: [n, 1].
  Var log_density(Var x) const {
    ad::Tape<double>& tape = x.tape();
    const ad::Index d = x.cols();
    ad::Tensor<double> diagonal(d, d), lower(d, d);
    for (ad::Index i = 0; i < d; ++i) {
      diagonal(i, i) = 1;
      for (ad::Index j = 0; j < i; ++j) lower(i, j) = 1;
    }
    const Var logs = tape.parameter(q);
    const Var root = ad::where(diagonal, ad::exp(logs), tape.parameter(below) * tape.constant(lower));
    const Var z = ad::matmul(x - tape.parameter(mu), root, false, true);
    const double log_2pi = std::log(2 * std::numbers::pi);
    return ad::sum(logs) - (ad::row_sums(ad::square(z)) + static_cast<double>(d) * log_2pi) / 2;
  }
};

struct Mixture {
  ad::Parameter<double> alpha;
  std::vector<Component> components;
  Mixture(ad::Index k, const ad::Tensor<double>& x) : alpha(ad::Tensor<double>(1, k)) {
    for (ad::Index i = 0; i < k; ++i) {  // around points that lie apart
      components.emplace_back(ad::Tensor<double>({x.view().row(3 * i / 2), 1, x.cols()}), 1);
    }
  }
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("alpha", self.alpha);
    f("components", self.components);
  }
  // -1 / n sum_i log sum_k softmax(alpha)_k N(x_i; k)
  Var loss(Var x) const {
    std::vector<Var> logs;
    for (const Component& c : components) logs.push_back(c.log_density(x));
    const Var weights = ad::log_softmax(x.tape().parameter(alpha));
    return -ad::mean(ad::logsumexp(ad::concat_cols(std::span<const Var>(logs)) + weights));
  }
};

int main() {
  constexpr ad::Index kPoints = 600, kSides = 2;
  ad::Tensor<double> x = drawn(kPoints, kSides, 1, 99);  // three clouds, one of them twice as large and stretched
  for (ad::Index i = 0; i < kPoints; ++i) {
    const double angle = static_cast<double>(i % 4 / 2 + i % 2) * 2.1;
    x(i, 0) = 5 * std::cos(angle) + x(i, 0) * (i % 4 == 0 ? 0.5 : 1);
    x(i, 1) = 5 * std::sin(angle) + x(i, 1) * 0.7;
  }
  Mixture model(3, x);
  const auto loss = [&](ad::Tape<double>& tape) { return model.loss(tape.reference(x.view())); };
  const ad::GradcheckResult check = ad::nn::check_gradients(model, loss, {.tolerance = 1e-7});
  std::printf("gradient against central differences: %.1e %s\n", check.worst, check.message.c_str());

  ad::nn::Adam<double> adam({.learning_rate = 0.05});
  ad::Tape<double> tape;
  double first = 0, last = 0;
  for (int step = 0; step < 600; ++step) {
    const Var value = loss(tape);
    (step == 0 ? first : last) = value.item();
    tape.backward(value);
    adam.step(model, tape);
    tape.reset();
  }
  std::printf("-log likelihood per point: %.4f at first, %.4f fitted\n", first, last);
  return check.ok && last < 3.5 ? 0 : 1;
}
