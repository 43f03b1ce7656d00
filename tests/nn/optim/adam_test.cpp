#include "../../support/check_op.h"
#include "../../support/sparse.h"

#include <map>

#include "nn/nn.h"

using test::random_tensor;

namespace {

struct Model {
  ad::Parameter<double> a, b;
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("a", self.a);
    f("b", self.b);
  }
};

// torch.optim.Adam, written out for one element.
struct Reference {
  double p, m = 0, v = 0;
  int t = 0;
  void step(double g, const ad::nn::AdamOptions& o) {
    ++t;
    g += o.weight_decay * p;
    m = o.beta1 * m + (1 - o.beta1) * g;
    v = o.beta2 * v + (1 - o.beta2) * g * g;
    const double m_hat = m / (1 - std::pow(o.beta1, t)), v_hat = v / (1 - std::pow(o.beta2, t));
    p -= o.learning_rate * m_hat / (std::sqrt(v_hat) + o.epsilon);
  }
};

}  // namespace

TEST_CASE("Adam: PyTorch's formula, with weight decay, over many steps") {
  for (double decay : {0.0, 0.1}) {
    const ad::nn::AdamOptions options{.learning_rate = 0.02, .weight_decay = decay};
    Model model{ad::Parameter<double>(random_tensor(3, 5, -1, 1, 1)),
                ad::Parameter<double>(random_tensor(1, 4, -1, 1, 2))};
    std::vector<Reference> references;
    ad::nn::for_each_parameter_unnamed(model, [&](const auto& p) {
      for (ad::Index i = 0; i < p.value.size(); ++i) references.push_back({p.value.data()[i]});
    });
    ad::nn::Adam<double> adam(options);
    ad::Tape<double> tape;
    for (int step = 0; step < 50; ++step) {
      // loss = sum a^2 + sum b^3 / 3: gradients 2a and b^2
      const auto a = tape.parameter(model.a), b = tape.parameter(model.b);
      tape.backward(ad::sum(ad::square(a)) + ad::scale(ad::sum(b * b * b), 1.0 / 3));
      adam.step(model, tape);
      tape.reset();
      for (std::size_t i = 0; i < references.size(); ++i) {
        Reference& r = references[i];
        r.step(i < 15 ? 2 * r.p : r.p * r.p, options);
      }
    }
    std::size_t i = 0;
    ad::nn::for_each_parameter_unnamed(model, [&](const auto& p) {
      for (ad::Index k = 0; k < p.value.size(); ++k)
        CHECK(p.value.data()[k] == doctest::Approx(references[i++].p).epsilon(1e-12));
    });
  }
}

TEST_CASE("Adam: a row-sparse gradient moves every row as the dense rule does, bit for bit") {
  const ad::Index items = 300, hidden = 60;  // several tasks
  ad::nn::SparseLinear<float> sparse(items, hidden, 1), dense(items, hidden, 1);
  ad::nn::Adam<float> sparse_adam({.learning_rate = 0.01, .weight_decay = 0.001}), dense_adam(sparse_adam.options());
  ad::Tape<float> tape;
  for (std::uint64_t step = 0; step < 20; ++step) {
    ad::Tensor<double> rows = random_tensor(5, items, -9, 1, step);
    for (ad::Index i = 0; i < rows.size(); ++i) rows.data()[i] = rows.data()[i] > 0 ? 1 : 0;
    const test::Sparse<float> x(rows);
    tape.backward(ad::sum(ad::square(sparse(tape, x.view()))));
    REQUIRE(tape.gradient(sparse.weight).row_sparse);
    sparse_adam.step(sparse, tape);
    tape.reset();
    // Adding a gradient of zeros makes the same gradient dense.
    const auto zeros = ad::scale(ad::sum(tape.parameter(dense.weight)), 0.0f);
    tape.backward(ad::sum(ad::square(dense(tape, x.view()))) + zeros);
    REQUIRE_FALSE(tape.gradient(dense.weight).row_sparse);
    dense_adam.step(dense, tape);
    tape.reset();
  }
  CHECK(test::distance(sparse.weight.value, dense.weight.value) == 0);
  CHECK(test::distance(sparse.bias.value, dense.bias.value) == 0);
}

TEST_CASE("Adam: what is frozen or not reached stays; parameters keep counts of their own") {
  Model model{ad::Parameter<double>(random_tensor(1, 2, 1, 2, 1)), ad::Parameter<double>(random_tensor(1, 2, 1, 2, 2))};
  ad::nn::Adam<double> adam({.learning_rate = 0.1});
  ad::Tape<double> tape;
  const auto step = [&] {
    tape.backward(ad::sum(ad::square(tape.parameter(model.a) * tape.parameter(model.b))));
    adam.step(model, tape);
    tape.reset();
  };
  model.b.trainable = false;
  const auto before = model.b.value;
  step();
  CHECK(test::distance(model.b.value, before) == 0);
  model.b.trainable = true;
  step();
  std::map<std::string, std::int64_t> steps;
  adam.for_each_state(model, [&](const std::string& path, auto, auto, std::int64_t& n) { steps[path] = n; });
  CHECK(steps == std::map<std::string, std::int64_t>{{"a", 2}, {"b", 1}});
  CHECK(std::abs(model.b.value(0, 0) - before(0, 0)) == doctest::Approx(0.1));  // the first step of Adam is its rate
}

TEST_CASE("a lone parameter can be stepped") {
  ad::Parameter<float> p(ad::Tensor<float>(1, 1, {1}));
  ad::nn::Adam<float> adam({.learning_rate = 0.5});
  ad::Tape<float> tape;
  tape.backward(ad::square(tape.parameter(p)));
  adam.step(p, tape);
  CHECK(p.value(0, 0) == doctest::Approx(0.5));
}

TEST_CASE("Adam: a parameter that changed its shape is refused") {
  ad::Parameter<float> p(ad::Tensor<float>(2, 2));
  ad::nn::Adam<float> adam;
  ad::Tape<float> tape;
  tape.backward(ad::sum(tape.parameter(p)));
  p.value = ad::Tensor<float>(200, 300);
  CHECK_THROWS_WITH_AS(adam.step(p, tape), "Adam: parameter [200, 300], gradient [2, 2]: a parameter changed its shape",
                       ad::ShapeError);
  p.value = ad::Tensor<float>(2, 2);
  adam.step(p, tape);  // a refusal leaves no state behind
  tape.reset();
  p.value = ad::Tensor<float>(2, 3);
  tape.backward(ad::sum(tape.parameter(p)));
  CHECK_THROWS_WITH_AS(adam.step(p, tape),
                       "Adam: parameter [2, 3], gradient [2, 3], kept for it [2, 2]: a parameter changed its shape",
                       ad::ShapeError);
}

TEST_CASE("clip_grad_norm: scales to the norm, leaves smaller ones, counts only what has a gradient") {
  for (bool clipped : {true, false}) {
    Model model{ad::Parameter<double>(ad::Tensor<double>(1, 1, {3})),
                ad::Parameter<double>(ad::Tensor<double>(1, 1, {4}))};
    ad::Tape<double> tape;
    tape.backward(
        ad::scale(ad::square(tape.parameter(model.a)) + ad::square(tape.parameter(model.b)), 0.5));  // gradient (3, 4)
    CHECK(ad::nn::clip_grad_norm(model, tape, clipped ? 1.0 : 6.0) == doctest::Approx(5));
    CHECK(tape.gradient(model.a).values(0, 0) == doctest::Approx(clipped ? 0.6 : 3).epsilon(1e-6));
    CHECK(tape.gradient(model.b).values(0, 0) == doctest::Approx(clipped ? 0.8 : 4).epsilon(1e-6));
  }
}

TEST_CASE("optimisers want a finished backward") {
  ad::Parameter<float> p(ad::Tensor<float>(1, 1, {1}));
  ad::nn::Adam<float> adam;
  ad::Tape<float> tape;
  const auto loss = ad::square(tape.parameter(p));
  CHECK_THROWS_WITH_AS(adam.step(p, tape), "Adam: this recording has no gradients: call backward() first", ad::Error);
  CHECK_THROWS_WITH_AS(ad::nn::clip_grad_norm(p, tape, 1),
                       "clip_grad_norm: this recording has no gradients: call backward() first", ad::Error);
  tape.backward(loss);
  adam.step(p, tape);
  tape.reset();
  CHECK_THROWS_AS(adam.step(p, tape), ad::Error);
}

TEST_CASE("clip_grad_norm: a norm that is none is refused, before a gradient has changed") {
  ad::Parameter<double> p(ad::Tensor<double>(1, 1, {3}));
  ad::Tape<double> tape;
  tape.backward(ad::square(tape.parameter(p)));
  for (const double norm : {0.0, -1.0, std::nan("")}) CHECK_THROWS_AS(ad::nn::clip_grad_norm(p, tape, norm), ad::Error);
  CHECK(tape.gradient(p).values(0, 0) == 6);
}

TEST_CASE("Adam knows a parameter wherever it lies") {
  using ad::Parameter;
  static_assert(std::is_nothrow_move_constructible_v<ad::nn::Linear<float>>);  // vectors move them, not copy
  ad::nn::Adam<double> adam({.learning_rate = 0.1});
  ad::Tape<double> tape;
  const auto step = [&](Parameter<double>& p) {
    tape.backward(ad::sum(ad::square(tape.parameter(p))));
    adam.step(p, tape);
    tape.reset();
    std::int64_t n = 0;
    adam.for_each_state(p, [&](const std::string&, auto, auto, std::int64_t& steps) { n = steps; });
    return n;
  };
  const auto fresh = [] { return Parameter<double>(ad::Tensor<double>(1, 2, {1, 2})); };
  Parameter<double> p = fresh();
  CHECK(step(p) == 1);
  CHECK(step(p) == 2);
  std::vector<Parameter<double>> home;
  home.push_back(std::move(p));
  CHECK(step(home[0]) == 3);  // moved: goes on
  home.reserve(100);
  CHECK(step(home[0]) == 4);
  std::swap(home[0], home.emplace_back(fresh()));
  CHECK(step(home[1]) == 5);
  CHECK(step(home[0]) == 1);
  home[0] = fresh();
  CHECK(step(home[0]) == 1);  // a new one where an old one lay: begins anew
  home[0] = home[1];          // new values for the same one, as of an encoder that is copied
  CHECK(step(home[0]) == 2);
  Parameter<double> copy(home[0]);
  CHECK(step(copy) == 1);
  for (int model = 0; model < 3; ++model) {
    Parameter<double> here = fresh();
    CHECK(step(here) == 1);
  }
}

namespace {
struct Tied {
  ad::Parameter<double> w;
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("in", self.w);
    f("out", self.w);
  }
};
}  // namespace

TEST_CASE("a tied parameter counts once: in a step, in the norm, in the number of weights") {
  Tied tied{ad::Parameter<double>(ad::Tensor<double>(1, 2, {3, 4}))};
  CHECK(ad::nn::parameter_count(tied) == 2);
  ad::nn::Adam<double> adam({.learning_rate = 0.1});
  ad::Tape<double> tape;
  tape.backward(ad::scale(ad::sum(ad::square(tape.parameter(tied.w))), 0.5));
  CHECK(ad::nn::clip_grad_norm(tied, tape, 1) == doctest::Approx(5));
  CHECK(tape.gradient(tied.w).values(0, 0) == doctest::Approx(0.6).epsilon(1e-6));
  adam.step(tied, tape);
  CHECK(tied.w.value(0, 0) == doctest::Approx(2.9));
  std::vector<std::int64_t> steps;
  adam.for_each_state(tied, [&](const std::string&, auto, auto, std::int64_t& n) { steps.push_back(n); });
  CHECK(steps == std::vector<std::int64_t>{1, 1});
}

TEST_CASE("Adam's state is saved and set by the paths of the module, and training goes on to the bit") {
  ad::nn::Adam<double> adam({.learning_rate = 0.1});
  ad::Tape<double> tape;
  const auto train = [&](Model& model, ad::nn::Adam<double>& optimiser) {
    tape.backward(ad::sum(ad::square(tape.parameter(model.a)) * tape.parameter(model.b)));
    optimiser.step(model, tape);
    tape.reset();
  };
  Model model{ad::Parameter<double>(random_tensor(1, 3, 1, 2, 1)), ad::Parameter<double>(random_tensor(1, 3, 1, 2, 2))};
  for (int i = 0; i < 5; ++i) train(model, adam);

  struct Saved {
    ad::Tensor<double> m, v;
    std::int64_t steps;
  };
  std::map<std::string, Saved> file;
  adam.for_each_state(
      model,
      [&](const std::string& path, ad::Matrix<double> m, ad::Matrix<double> v, std::int64_t& steps) {
        file.emplace(path, Saved{ad::Tensor<double>(m), ad::Tensor<double>(v), steps});
      },
      "encoder");
  REQUIRE(file.size() == 2);
  CHECK(file.at("encoder.b").steps == 5);
  CHECK(file.at("encoder.a").v(0, 1) > 0);

  Model resumed = model;
  ad::nn::Adam<double> other(adam.options());
  other.for_each_state(
      resumed,
      [&](const std::string& path, ad::Matrix<double> m, ad::Matrix<double> v, std::int64_t& steps) {
        const Saved& s = file.at(path);
        std::copy_n(s.m.data(), s.m.size(), m.data);
        std::copy_n(s.v.data(), s.v.size(), v.data);
        steps = s.steps;
      },
      "encoder");
  for (int i = 0; i < 5; ++i) {
    train(model, adam);
    train(resumed, other);
  }
  CHECK(test::distance(model.a.value, resumed.a.value) == 0);
  CHECK(test::distance(model.b.value, resumed.b.value) == 0);
}

TEST_CASE("Adam: options that make no sense are refused, also later ones") {
  CHECK_THROWS_AS(ad::nn::Adam<float>({.learning_rate = -1}), ad::Error);
  CHECK_THROWS_AS(ad::nn::Adam<float>({.beta1 = 1}), ad::Error);
  CHECK_THROWS_AS(ad::nn::Adam<float>({.epsilon = std::nan("")}), ad::Error);
  ad::Parameter<float> p(ad::Tensor<float>(1, 1, {1}));
  ad::nn::Adam<float> adam;
  ad::Tape<float> tape;
  tape.backward(ad::square(tape.parameter(p)));
  adam.options().learning_rate = std::nan("");
  CHECK_THROWS_AS(adam.step(p, tape), ad::Error);
  CHECK(p.value(0, 0) == 1);
}
