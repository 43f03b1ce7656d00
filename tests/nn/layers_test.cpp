#include "../support/check_op.h"
#include "../support/sparse.h"

#include <map>

#include "nn/nn.h"

using test::random_tensor;

namespace {

struct Net {
  ad::nn::SparseLinear<float> fc1;
  ad::nn::Linear<float> fc2;
  ad::nn::LayerNorm<float> ln;
  ad::nn::Dropout dropout;
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("fc1", self.fc1);
    f("fc2", self.fc2);
    f("ln", self.ln);
    f("dropout", self.dropout);
  }
};

Net make_net() {
  return {ad::nn::SparseLinear<float>(7, 4, 1), ad::nn::Linear<float>(4, 3, {1, 1}), ad::nn::LayerNorm<float>(3), {}};
}

}  // namespace

TEST_CASE("visit gives PyTorch's names, counts and freezes") {
  Net net = make_net();
  std::vector<std::string> names;
  ad::nn::for_each_parameter(
      net, [&](const std::string& name, const auto&) { names.push_back(name); }, "net");
  CHECK(names == std::vector<std::string>{"net.fc1.weight", "net.fc1.bias", "net.fc2.weight", "net.fc2.bias",
                                          "net.ln.weight", "net.ln.bias"});
  CHECK(ad::nn::parameter_count(net) == 7 * 4 + 4 + 3 * 4 + 3 + 3 + 3);
  ad::nn::set_trainable(net.fc1, false);
  CHECK_FALSE(net.fc1.bias.trainable);
  CHECK(net.fc2.bias.trainable);
}

TEST_CASE("Linear and SparseLinear compute x W^T + b; LayerNorm starts as the identity's scale") {
  const Net net = make_net();
  const ad::Tensor<double> rows(2, 7, {0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3});
  const test::Sparse<float> x(rows);
  ad::Tape<float> tape;
  const auto h = net.fc1(tape, x.view());
  for (ad::Index u = 0; u < 2; ++u) {
    for (ad::Index j = 0; j < 4; ++j) {
      double expected = net.fc1.bias.value(0, j);
      for (ad::Index i = 0; i < 7; ++i) expected += rows(u, i) * net.fc1.weight.value(i, j);
      CHECK(h.value()(u, j) == doctest::Approx(expected).epsilon(1e-6));
    }
  }
  const auto y = net.fc2(h);
  for (ad::Index j = 0; j < 3; ++j) {
    double expected = net.fc2.bias.value(0, j);
    for (ad::Index i = 0; i < 4; ++i) expected += h.value()(1, i) * net.fc2.weight.value(j, i);
    CHECK(y.value()(1, j) == doctest::Approx(expected).epsilon(1e-6));
  }
  const auto n = net.ln(y).value();
  CHECK(n(0, 0) + n(0, 1) + n(0, 2) == doctest::Approx(0).scale(1));
}

TEST_CASE("Dropout is what ad::dropout does at its rate") {
  ad::Tape<float> tape;
  ad::Tensor<float> ones(1, 1000);
  ones.fill(1);
  const ad::nn::Dropout dropout{0.25};
  const auto a = dropout(tape.constant(ones), {.seed = 3}).value(),
             b = ad::dropout(tape.constant(ones), 0.25, {.seed = 3}).value();
  CHECK(std::equal(a.data, a.data + 1000, b.data));
}

TEST_CASE("fresh weights: PyTorch's uniform distribution, Xavier's normal, every draw its own") {
  const ad::Index in = 400, out = 300, n = in * out;
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  const ad::nn::Linear<float> torch(in, out, 5), again(in, out, 5), other(in, out, 6), layer(in, out, {5, 1});
  // Kolmogorov-Smirnov against the uniform distribution: sqrt(n) D exceeds 1.95 once in a thousand draws.
  const auto ks = [&](const ad::Tensor<float>& t) {
    std::vector<float> sorted(t.data(), t.data() + t.size());
    std::sort(sorted.begin(), sorted.end());
    double d = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      const double f = (sorted[i] + bound) / (2 * bound);
      d = std::max({d, std::abs(f - static_cast<double>(i) / static_cast<double>(sorted.size())),
                    std::abs(f - static_cast<double>(i + 1) / static_cast<double>(sorted.size()))});
    }
    CHECK(sorted.front() >= -bound);
    CHECK(sorted.back() <= bound);
    return d * std::sqrt(static_cast<double>(sorted.size()));
  };
  CHECK(ks(torch.weight.value) < 1.95);
  CHECK(ks(torch.bias.value) < 1.95);
  CHECK(test::distance(torch.weight.value, again.weight.value) == 0);
  const auto correlation = [&](const ad::Tensor<float>& a, const ad::Tensor<float>& b) {
    double sum = 0;
    for (ad::Index i = 0; i < n; ++i) sum += static_cast<double>(a.data()[i]) * b.data()[i];
    return std::abs(sum) / (bound * bound / 3) / std::sqrt(static_cast<double>(n));
  };
  CHECK(correlation(torch.weight.value, other.weight.value) < 4);
  CHECK(correlation(torch.weight.value, layer.weight.value) < 4);

  const ad::nn::Linear<float> xavier(in, out, 5, ad::nn::Init::xavier_normal);
  double squares = 0;
  for (ad::Index i = 0; i < n; ++i) squares += std::pow(static_cast<double>(xavier.weight.value.data()[i]), 2);
  CHECK(squares / static_cast<double>(n) ==
        doctest::Approx(2.0 / static_cast<double>(in + out)).epsilon(4 * std::sqrt(2.0 / static_cast<double>(n))));
  for (ad::Index j = 0; j < out; ++j) CHECK(xavier.bias.value(0, j) == 0);
}

TEST_CASE("layers that are made of one Seed are no twins; a number gives the first of its layers") {
  ad::nn::Seed seed(42);
  const ad::nn::Linear<float> first(3, 3, seed), second(3, 3, seed), of_number(3, 3, /*seed=*/42);
  const ad::nn::SparseLinear<float> third(3, 3, seed);
  CHECK(test::distance(first.weight.value, of_number.weight.value) == 0);
  CHECK(test::distance(first.weight.value, second.weight.value) > 0.1);
  CHECK(test::distance(first.bias.value, second.bias.value) > 0.1);
  CHECK(test::distance(third.weight.value, second.weight.value) > 0.1);
  const auto row = [](const ad::Tensor<float>& t) { return ad::Tensor<float>(ad::ConstMatrix<float>{t.data(), 1, 3}); };
  CHECK(test::distance(row(first.bias.value), row(first.weight.value)) > 0.1);
  CHECK(test::distance(row(second.weight.value), row(first.bias.value)) > 0.1);
  const ad::nn::Linear<float> again(3, 3, {42, 1});
  CHECK(test::distance(again.weight.value, second.weight.value) == 0);
}

TEST_CASE("misuse of layers is said by the op, with what it found") {
  ad::Tape<float> tape;
  const ad::nn::Linear<float> linear(3, 2, 1);
  const auto x = tape.constant(ad::Tensor<float>(4, 5));
  CHECK_THROWS_WITH_AS(linear(x),
                       "linear: x [4, 5], weight [2, 3], bias [1, 2]: expected [batch, in], [out, in], [1, out]",
                       ad::ShapeError);
  CHECK_THROWS_WITH_AS(linear(ad::Var<float>()), "linear: empty handle", ad::Error);
  CHECK_THROWS_AS(ad::nn::Linear<float>(-1, 2, 1), ad::ShapeError);
  CHECK(ad::nn::Linear<float>(0, 2, 1).bias.value(0, 1) == 0);  // as PyTorch; not NaN
  CHECK_THROWS_WITH_AS(ad::nn::Dropout{1.5}(x, {}), "dropout: expected a rate in [0, 1), found 1.500000", ad::Error);
  for (const double eps : {-1.0, std::nan(""), HUGE_VAL}) {
    CHECK_THROWS_AS(ad::nn::LayerNorm<float>(5, eps)(x), ad::Error);
    CHECK_THROWS_AS(ad::nn::LayerNorm<float>(5, eps).of_swish(x), ad::Error);
  }
}

TEST_CASE("layouts come with the names") {
  std::map<std::string, ad::nn::Layout> layouts;
  const Net net = make_net();
  ad::nn::for_each_parameter(net, [&](const std::string& name, const auto&, ad::nn::Layout l) { layouts[name] = l; });
  CHECK(layouts.at("fc1.weight") == ad::nn::Layout::transposed);
  CHECK(layouts.at("fc2.weight") == ad::nn::Layout::matrix);
  CHECK(layouts.at("ln.weight") == ad::nn::Layout::vector);
}

namespace {

struct Deep {
  std::vector<ad::nn::Linear<double>> layers;
  std::array<ad::nn::LayerNorm<double>, 2> norms{ad::nn::LayerNorm<double>(2), ad::nn::LayerNorm<double>(2)};
  std::optional<ad::nn::Linear<double>> skip, none;
  std::optional<ad::Parameter<double>> scale;
  std::vector<ad::Parameter<double>> shifts;
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("layers", self.layers);
    f("norms", self.norms);
    f("skip", self.skip);
    f("none", self.none);
    f("scale", self.scale, ad::nn::Layout::vector);
    f("shifts", self.shifts, ad::nn::Layout::vector);
  }
};

}  // namespace

TEST_CASE("members in vectors and arrays, and optional ones, have PyTorch's names; a layer without a bias has none") {
  Deep net;
  ad::nn::Seed seed(1);
  for (int k = 0; k < 3; ++k) net.layers.emplace_back(2, 2, seed);
  net.skip.emplace(2, 2, seed, ad::nn::Init::torch, ad::nn::Bias::no);
  net.scale.emplace(ad::Tensor<double>(1, 2));
  net.shifts.emplace_back(ad::Tensor<double>(1, 5));
  std::vector<std::string> names;
  ad::nn::for_each_parameter(std::as_const(net), [&](const std::string& name, const auto&, ad::nn::Layout layout) {
    names.push_back(name + (layout == ad::nn::Layout::vector ? "*" : ""));
  });
  CHECK(names == std::vector<std::string>{"layers.0.weight", "layers.0.bias*", "layers.1.weight", "layers.1.bias*",
                                          "layers.2.weight", "layers.2.bias*", "norms.0.weight*", "norms.0.bias*",
                                          "norms.1.weight*", "norms.1.bias*", "skip.weight", "scale*", "shifts.0*"});
  CHECK(ad::nn::parameter_count(net) == 3 * 6 + 2 * 4 + 4 + 2 + 5);
  ad::nn::set_trainable(net, false);
  CHECK_FALSE(net.scale->trainable);

  ad::Tape<double> tape;
  const ad::Tensor<double> x(1, 2, {1, 2});
  const ad::ConstMatrix<double> y = (*net.skip)(tape.constant(x)).value();
  const ad::Tensor<double>& w = net.skip->weight.value;
  CHECK(y(0, 1) == doctest::Approx(w(1, 0) + 2 * w(1, 1)));
}

TEST_CASE("check_gradients: a sound model passes, a wrong backward is named by the parameter's path") {
  ad::nn::Linear<double> layer(3, 2, 1);
  const ad::Tensor<double> x = random_tensor(4, 3, -1, 1, 1);
  const auto loss = [&](bool wrong) {
    return [&, wrong](ad::Tape<double>& tape) {
      const auto y = layer(tape.constant(x));
      return ad::mean(ad::square(ad::tanh(wrong ? test::tamper(y) : y) - 1));
    };
  };
  const ad::Tensor<double> before = layer.weight.value;
  const ad::GradcheckResult sound = ad::nn::check_gradients(layer, loss(false));
  CHECK_MESSAGE(sound.ok, sound.message);
  CHECK(sound.largest > 0.1);
  CHECK(test::same_bits(layer.weight.value, before));
  CHECK(ad::nn::check_gradients(layer, loss(true)).message.find(", element ") != std::string::npos);
  layer.weight.trainable = false;
  CHECK(ad::nn::check_gradients(layer, loss(true)).message.starts_with("bias, element "));
}

TEST_CASE(
    "check_gradients: parameters that visit does not name, or none that it does, prove nothing; weights are put back") {
  ad::nn::Linear<double> layer(3, 2, 1), other(3, 2, 2);
  const ad::Tensor<double> x = random_tensor(4, 3, -1, 1, 1), before = layer.weight.value;
  const auto both = [&](ad::Tape<double>& tape) { return ad::mean(layer(tape.constant(x)) * other(tape.constant(x))); };
  other.bias.trainable = false;
  const ad::GradcheckResult unnamed = ad::nn::check_gradients(layer, both);
  CHECK_FALSE(unnamed.ok);
  CHECK(unnamed.message == "the loss uses a trainable parameter [2, 3] that visit does not name");
  other.weight.trainable = false;
  CHECK(ad::nn::check_gradients(layer, both).ok);
  const auto none = [&](ad::Tape<double>& tape) { return tape.variable(ad::Tensor<double>(1, 1, {1})); };
  CHECK(ad::nn::check_gradients(layer, none).message == "the loss uses no trainable parameter of the module");
  int calls = 0;
  const auto throwing = [&](ad::Tape<double>& tape) {
    if (++calls == 2) throw ad::Error("no more");
    return ad::mean(layer(tape.constant(x)));
  };
  CHECK_THROWS_AS(ad::nn::check_gradients(layer, throwing), ad::Error);
  CHECK(test::same_bits(layer.weight.value, before));
}

TEST_CASE("Embedding: rows of N(0, deviation^2); ids outside are refused") {
  const ad::nn::Embedding<float> table(1000, 20, 3, 0.5);
  double squares = 0;
  for (ad::Index i = 0; i < table.weight.value.size(); ++i) {
    squares += static_cast<double>(table.weight.value.data()[i]) * static_cast<double>(table.weight.value.data()[i]);
  }
  CHECK(squares / 20000 == doctest::Approx(0.25).epsilon(0.03));
  ad::Tape<float> tape;
  CHECK(table(tape, std::vector<std::int32_t>{999, 0}).value()(1, 3) == table.weight.value(0, 3));
  CHECK_THROWS_AS(table(tape, std::vector<std::int32_t>{1000}), ad::ShapeError);
}
