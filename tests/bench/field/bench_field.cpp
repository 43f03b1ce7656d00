// The programs that field.py times beside others: a training step of a network, the gradient of a mixture of Gaussians,
// the fit of a differential equation, and thirty scalar ops. What lies between "user:" and "end" is what a user writes.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "autodiff/autodiff.h"
#include "nn/nn.h"

namespace {

/// Element i of a draw on [0, 1), the same in inputs.py and field_scalar.cpp: all programs begin from equal numbers.
double uniform(std::uint32_t i, std::uint32_t seed) {
  std::uint32_t h = i + seed * 0x9E3779B9u;
  h = (h ^ h >> 16) * 0x7feb352du;
  h = (h ^ h >> 15) * 0x846ca68bu;
  return (h ^ h >> 16) / 4294967296.0;
}

/// [rows, cols] uniform on [low, high).
template <class T>
ad::Tensor<T> drawn(ad::Index rows, ad::Index cols, double low, double high, std::uint32_t seed) {
  ad::Tensor<T> out(rows, cols);
  for (ad::Index i = 0; i < out.size(); ++i) {
    out.data()[i] = static_cast<T>(low + (high - low) * uniform(static_cast<std::uint32_t>(i), seed));
  }
  return out;
}

/// The median of the seconds that each of `steps` calls of `step` takes.
template <class F>
double median_seconds(int steps, F step) {
  std::vector<double> seconds;
  for (int k = 0; k < steps; ++k) {
    const auto begin = std::chrono::steady_clock::now();
    step();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

class Field {
 public:
  virtual ~Field() = default;
  virtual void round(int steps) = 0;  // prints a JSON object
};

// ---- a network on pictures: 784-512-512-10, batches of 256 ----

// user: mlp
struct Network {
  ad::nn::Linear<float> fc1, fc2, fc3;

  explicit Network(ad::nn::Seed seed) : fc1(784, 512, seed), fc2(512, 512, seed), fc3(512, 10, seed) {}
  ad::Var<float> operator()(ad::Var<float> x) const { return fc3(ad::relu(fc2(ad::relu(fc1(x))))); }

  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("fc1", self.fc1);
    f("fc2", self.fc2);
    f("fc3", self.fc3);
  }
};

class Trainer {
 public:
  explicit Trainer(Network& network) : network_(network) {}
  float step(ad::ConstMatrix<float> x, std::span<const std::int32_t> labels) {
    const ad::Var<float> loss = ad::cross_entropy(network_(tape_.reference(x)), labels);
    const float value = loss.item();
    tape_.backward(loss);
    adam_.step(network_, tape_);
    tape_.reset();
    return value;
  }
  // end
  ad::Tape<float>& tape() { return tape_; }
  // user: mlp

 private:
  Network& network_;
  ad::Tape<float> tape_;
  ad::nn::Adam<float> adam_{{.learning_rate = 1e-3}};
};
// end

class Mlp final : public Field {
 public:
  explicit Mlp(bool profile) : network_(ad::nn::Seed(0)), trainer_(network_) {
    std::uint32_t seed = 1;
    ad::nn::for_each_parameter(network_, [&](const std::string&, ad::Parameter<float>& p) {
      const double bound = 1 / std::sqrt(seed <= 2 ? 784.0 : 512.0);
      p.value = drawn<float>(p.value.rows(), p.value.cols(), -bound, bound, seed++);
    });
    for (int i = 0; i < kBatches * kBatch; ++i) {
      labels_.push_back(static_cast<std::int32_t>(10 * uniform(static_cast<std::uint32_t>(i), 8)));
    }
    if (profile) profile_ = std::make_unique<ad::Profile<float>>(trainer_.tape());
  }
  void round(int steps) override {
    float loss = 0;
    const double seconds = median_seconds(steps, [&] {
      const int begin = kBatch * (step_++ % kBatches);
      loss = trainer_.step({pictures_.view().row(begin), kBatch, 784}, std::span(labels_).subspan(begin, kBatch));
    });
    std::printf("{\"seconds\": %.9g, \"loss\": %.9g}\n", seconds, loss);
    if (profile_) std::fputs(profile_->table().c_str(), stdout);
  }

 private:
  static constexpr int kBatch = 256, kBatches = 16;
  ad::Tensor<float> pictures_ = drawn<float>(kBatches * kBatch, 784, 0, 1, 7);
  std::vector<std::int32_t> labels_;
  Network network_;
  Trainer trainer_;
  int step_ = 0;
  std::unique_ptr<ad::Profile<float>> profile_;
};

// ---- a mixture of Gaussians: 1000 points, 10 dimensions, 25 components, as ADBench and GradBench have it ----

using Var = ad::Var<double>;
using Tape = ad::Tape<double>;

// user: gmm
/// The triangular factors of the precisions lie below each other, [k d, d]; their diagonal is e^q, q [k d, 1].
struct Mixture {
  ad::Parameter<double> alpha, means, q, below;
  ad::Tensor<double> lower, diagonal, by_component;  // masks [k d, d], and which rows are whose [k d, k]
  std::vector<std::int32_t> component;               // of each row

  Mixture(ad::Index k, ad::Index d)
      : alpha(drawn<double>(1, k, -1, 1, 1)), means(drawn<double>(k, d, 0, 1, 2)), q(drawn<double>(k * d, 1, -1, 1, 3)),
        below(drawn<double>(k * d, d, -1, 1, 4)), lower(k * d, d), diagonal(k * d, d), by_component(k * d, k) {
    for (ad::Index i = 0; i < k * d; ++i) {
      for (ad::Index j = 0; j < i % d; ++j) lower(i, j) = 1;
      diagonal(i, i % d) = by_component(i, i / d) = 1;
      component.push_back(static_cast<std::int32_t>(i / d));
    }
  }
  /// The log-likelihood and the Wishart prior (gamma 1, m 0), without their constants.
  Var operator()(Tape& tape, const ad::Tensor<double>& points) const {
    const Var a = tape.parameter(alpha), qs = tape.parameter(q), own = tape.reference(by_component);
    const Var scales = ad::exp(qs), l = tape.parameter(below) * tape.reference(lower);
    const Var factors = l + tape.reference(diagonal) * scales;
    const Var centres = ad::transpose(ad::row_sums(factors * ad::gather_rows(tape.parameter(means), component)));
    const Var distances = ad::matmul(ad::square(ad::linear(tape.reference(points), factors) - centres), own);
    const Var logs = a + ad::matmul(qs, own, true) - 0.5 * distances;
    const Var prior = 0.5 * (ad::sum(ad::square(scales)) + ad::sum(ad::square(l)));
    return ad::sum(ad::logsumexp(logs)) - static_cast<double>(points.rows()) * ad::logsumexp(a) + prior;
  }
};
// end

class Gmm final : public Field {
 public:
  void round(int steps) override {
    double value = 0, slope = 0;
    const double objective = median_seconds(steps, [&] {
      const auto no_grad = tape_.no_grad();
      value = mixture_(tape_, points_).item();
      tape_.reset();
    });
    const double gradient = median_seconds(steps, [&] {
      // user: gmm
      const Var v = mixture_(tape_, points_);
      tape_.backward(v);
      slope = tape_.gradient(mixture_.q).values(0, 0);
      tape_.reset();
      // end
    });
    std::printf("{\"seconds\": %.9g, \"objective\": %.9g, \"loss\": %.12g, \"slope\": %.9g}\n", gradient, objective,
                value, slope);
  }

 private:
  ad::Tensor<double> points_ = drawn<double>(1000, 10, 0, 1, 5);
  Mixture mixture_{25, 10};
  Tape tape_;
};

// ---- a differential equation: Lotka and Volterra's, 200 steps of Runge and Kutta's, fitted to what was observed ----

constexpr int kOdeSteps = 200;
constexpr double kOdeStep = 0.05, kOdeRate = 1e-7;

// user: ode
/// dx/dt = a x - b x y, dy/dt = d x y - c y; every number is a node.
struct Animals {
  Var x, y;
};
struct Scalars {
  ad::Parameter<double> a, b, c, d;

  Scalars() {
    double initial[] = {1.2, 0.5, 0.9, 0.4};
    for (auto* p : {&a, &b, &c, &d}) p->value = ad::Tensor<double>(1, 1, {initial[p - &a]});
  }
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("a", self.a);
    f("b", self.b);
    f("c", self.c);
    f("d", self.d);
  }
  Var operator()(Tape& tape, const ad::Tensor<double>& observed) const {
    const Var a_ = tape.parameter(a), b_ = tape.parameter(b), c_ = tape.parameter(c), d_ = tape.parameter(d);
    const auto slope = [&](Animals z) {
      const Var both = z.x * z.y;
      return Animals{a_ * z.x - b_ * both, d_ * both - c_ * z.y};
    };
    const auto moved = [](Animals z, double h, Animals k) { return Animals{z.x + h * k.x, z.y + h * k.y}; };
    Animals z{tape.constant(1), tape.constant(1)};
    Var loss = tape.constant(0);
    for (int i = 0; i < kOdeSteps; ++i) {
      const Animals k1 = slope(z), k2 = slope(moved(z, kOdeStep / 2, k1)), k3 = slope(moved(z, kOdeStep / 2, k2));
      const Animals k4 = slope(moved(z, kOdeStep, k3));
      z = moved(z, kOdeStep / 6, {k1.x + 2 * (k2.x + k3.x) + k4.x, k1.y + 2 * (k2.y + k3.y) + k4.y});
      loss += ad::square(z.x - observed(i, 0)) + ad::square(z.y - observed(i, 1));
    }
    return loss;
  }
};
// end

// user: ode rows
/// dz/dt = z * (M z + r), all four elements of M free: the nodes are rows [1, 2].
struct Rows {
  ad::Parameter<double> m{ad::Tensor<double>(2, 2, {0, -0.5, 0.4, 0})}, r{ad::Tensor<double>(1, 2, {1.2, -0.9})};

  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("m", self.m);
    f("r", self.r);
  }
  Var operator()(Tape& tape, const ad::Tensor<double>& observed) const {
    const Var m_ = tape.parameter(m), r_ = tape.parameter(r);
    const auto slope = [&](Var z) { return z * ad::linear(z, m_, r_); };
    Var z = tape.constant(ad::Tensor<double>(1, 2, {1, 1})), loss = tape.constant(0);
    for (int i = 0; i < kOdeSteps; ++i) {
      const Var k1 = slope(z), k2 = slope(z + kOdeStep / 2 * k1), k3 = slope(z + kOdeStep / 2 * k2);
      const Var k4 = slope(z + kOdeStep * k3);
      z = z + kOdeStep / 6 * (k1 + 2 * (k2 + k3) + k4);
      loss += ad::sum(ad::square(z - tape.reference({observed.view().row(i), 1, 2})));
    }
    return loss;
  }
};
// end

template <class Model>
class Ode final : public Field {
 public:
  void round(int steps) override {
    double loss = 0, nodes = 0, bytes = 0;
    Model model;  // each round fits anew
    // user: ode step
    ad::nn::Sgd<double> sgd({.learning_rate = kOdeRate});
    const auto fit = [&] {
      const Var v = model(tape_, observed_);
      loss = v.item();
      tape_.backward(v);
      sgd.step(model, tape_);
    };
    // end
    const double seconds = median_seconds(steps, [&] {
      fit();
      nodes = static_cast<double>(tape_.size());
      bytes = static_cast<double>(tape_.bytes_in_use());
      tape_.reset();
    });
    std::printf("{\"seconds\": %.9g, \"loss\": %.12g, \"nodes\": %.9g, ", seconds, loss, nodes);
    std::printf("\"nodes_per_second\": %.9g, \"bytes_per_node\": %.4g}\n", nodes / seconds, bytes / nodes);
  }

 private:
  ad::Tensor<double> observed_ = drawn<double>(kOdeSteps, 2, 0.5, 2, 6);
  Tape tape_;
};

// ---- thirty scalar ops: recorded, differentiated, reset ----

class Ops final : public Field {
 public:
  void round(int steps) override {
    constexpr int kMany = 1000;
    double loss = 0, bytes = 0;
    const double seconds = median_seconds(steps, [&] {
      for (int k = 0; k < kMany; ++k) {
        // user: tape
        Var x = tape_.parameter(p_);
        for (int op = 0; op < 10; ++op) x = ad::square(x) + x * 0.5;
        tape_.backward(x);
        loss = tape_.gradient(p_).values(0, 0);
        // end
        bytes = static_cast<double>(tape_.bytes_in_use()) / static_cast<double>(tape_.size());
        tape_.reset();
      }
    });
    std::printf("{\"seconds\": %.9g, \"loss\": %.12g, \"bytes_per_node\": %.4g}\n", seconds / kMany, loss, bytes);
  }

 private:
  ad::Parameter<double> p_{ad::Tensor<double>(1, 1, {0.4})};
  Tape tape_;
};

std::unique_ptr<Field> make(const std::string& name, bool profile) {
  if (name == "mlp") return std::make_unique<Mlp>(profile);
  if (name == "gmm") return std::make_unique<Gmm>();
  if (name == "ode") return std::make_unique<Ode<Scalars>>();
  if (name == "ode_rows") return std::make_unique<Ode<Rows>>();
  if (name == "tape") return std::make_unique<Ops>();
  throw std::invalid_argument("no such program: " + name + ": expected mlp, gmm, ode, ode_rows or tape");
}

}  // namespace

/// bench_field PROGRAM THREADS [--profile]: for each number of steps on standard input, a JSON object.
int main(int argc, char** argv) try {
  if (argc < 3) throw std::invalid_argument("usage: bench_field mlp|gmm|ode|ode_rows|tape THREADS [--profile]");
  ad::set_threads(std::atoi(argv[2]));
  const std::unique_ptr<Field> field = make(argv[1], argc > 3);
  std::printf("{\"engine\": \"%s\"}\n", ad::blas::description().c_str());
  std::fflush(stdout);
  for (int steps; std::cin >> steps;) {
    field->round(steps);
    std::fflush(stdout);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_field: %s\n", error.what());
  return 1;
}
