// SGD and AdamW against PyTorch's formulas, schedules, sums of gradients.
#include <algorithm>

#include "../support.h"

using test::all, test::ids_of, test::Model;

TEST_CASE("Sgd: PyTorch's formula, with momentum, Nesterov's, and weight decay") {
  for (const ad::nn::SgdOptions& o :
       {ad::nn::SgdOptions{.learning_rate = 0.01}, {0.01, 0.9}, {0.01, 0.9, true, 0.05}}) {
    ad::Parameter<double> p(ad::Tensor<double>(1, 1, {2}));
    ad::nn::Sgd<double> sgd(o);
    ad::Tape<double> tape;
    double x = 2, b = 0;
    for (int step = 0; step < 20; ++step) {
      const auto v = tape.parameter(p);
      tape.backward(v * v * v);
      sgd.step(p, tape);
      tape.reset();
      const double g = 3 * x * x + o.weight_decay * x;
      b = o.momentum * b + g;
      x -= o.learning_rate * (o.nesterov ? g + o.momentum * b : b);
      CHECK(p.value(0, 0) == doctest::Approx(x).epsilon(1e-12));
    }
  }
  CHECK_THROWS_WITH_AS(ad::nn::Sgd<float>({.momentum = 1}),
                       "Sgd: learning_rate 0.010000, momentum 1.000000, weight_decay 0.000000: expected finite numbers "
                       "from 0 on, a momentum below 1",
                       ad::Error);
}

TEST_CASE("AdamW: PyTorch's formula, in which decay does not pass through the moments") {
  const ad::nn::AdamWOptions o{.learning_rate = 0.02, .weight_decay = 0.1};
  ad::Parameter<double> p(ad::Tensor<double>(1, 1, {2}));
  ad::nn::AdamW<double> adam(o);
  ad::Tape<double> tape;
  double x = 2, m = 0, v = 0;
  for (int t = 1; t <= 50; ++t) {
    tape.backward(ad::square(tape.parameter(p)));
    adam.step(p, tape);
    tape.reset();
    const double g = 2 * x;
    x *= 1 - o.learning_rate * o.weight_decay;
    m = o.beta1 * m + (1 - o.beta1) * g;
    v = o.beta2 * v + (1 - o.beta2) * g * g;
    x -= o.learning_rate * (m / (1 - std::pow(o.beta1, t))) / (std::sqrt(v / (1 - std::pow(o.beta2, t))) + o.epsilon);
    CHECK(p.value(0, 0) == doctest::Approx(x).epsilon(1e-12));
  }
  CHECK(ad::nn::AdamW<float>().options().weight_decay == 0.01);
  CHECK(ad::nn::AdamW<float>({.learning_rate = 1}).options().weight_decay == 0.01);  // as in PyTorch
}

TEST_CASE("optimisers move an embedding by its row-sparse gradient as by a dense one") {
  const auto check = [](auto sparse_optimizer, auto dense_optimizer) {
    Model sparse, dense;
    ad::Tape<double> tape;
    for (int step = 0; step < 10; ++step) {
      tape.backward(sparse.loss(tape, ids_of(step)));
      REQUIRE(tape.gradient(sparse.table.weight).row_sparse);
      sparse_optimizer.step(sparse, tape);
      tape.reset();
      tape.backward(dense.loss(tape, ids_of(step)) + 0 * ad::sum(tape.parameter(dense.table.weight)));
      REQUIRE_FALSE(tape.gradient(dense.table.weight).row_sparse);
      dense_optimizer.step(dense, tape);
      tape.reset();
    }
    CHECK(test::distance(all(sparse), all(dense)) == 0);
  };
  using ad::nn::Sgd, ad::nn::AdamW;
  check(Sgd<double>({.learning_rate = 0.1, .momentum = 0.9}), Sgd<double>({.learning_rate = 0.1, .momentum = 0.9}));
  check(Sgd<double>({.learning_rate = 0.1}), Sgd<double>({.learning_rate = 0.1}));
  check(AdamW<double>(), AdamW<double>());
}

TEST_CASE("schedules: their ends and middles") {
  using namespace ad::nn;
  CHECK(step_decay(0, 10, 0.5) == 1);
  CHECK(step_decay(9, 10, 0.5) == 1);
  CHECK(step_decay(25, 10, 0.5) == 0.25);
  CHECK(cosine(0, 100) == 1);
  CHECK(cosine(50, 100) == doctest::Approx(0.5));
  CHECK(cosine(100, 100, 0.1) == doctest::Approx(0.1));
  CHECK(cosine(1000, 100, 0.1) == doctest::Approx(0.1));
  CHECK(cosine(1, 0) == doctest::Approx(0));
  CHECK(cosine(0, 0, 0.1) == doctest::Approx(0.1));
  CHECK(warm_up(std::numeric_limits<std::int64_t>::max(), 10) == 1);
  CHECK(warm_up(0, 10) == 0.1);
  CHECK(warm_up(9, 10) == 1);
  CHECK(warm_up(50, 10) == 1);
  CHECK(warm_up(0, 0) == 1);
}

TEST_CASE("GradientSum: pieces of a batch, and tapes of several threads, move a model as the whole batch does") {
  Model whole, pieces;
  ad::nn::Adam<double> adam_whole, adam_pieces;
  ad::nn::GradientSum<double> sum;
  CHECK_THROWS_WITH_AS(adam_pieces.step(pieces, sum), "Adam: there are no gradients in this sum: call add() first",
                       ad::Error);
  ad::Tape<double> tape, first, second;
  for (int step = 0; step < 5; ++step) {
    tape.backward(whole.loss(tape, {1, 2, 5, 5, step, 7}));
    const double norm = ad::nn::clip_grad_norm(whole, tape, 0.01);
    adam_whole.step(whole, tape);
    tape.reset();
    first.backward(pieces.loss(first, {1, 2, 5}));
    second.backward(pieces.loss(second, {5, step, 7}));
    sum.add(pieces, first, 0.5);
    sum.add(pieces, second, 0.5);
    CHECK(ad::nn::clip_grad_norm(pieces, sum, 0.01) == doctest::Approx(norm).epsilon(1e-12));
    adam_pieces.step(pieces, sum);
    sum.reset();
    first.reset();
    second.reset();
    CHECK(test::distance(all(pieces), all(whole)) < 1e-10);
  }
  CHECK_FALSE(sum.gradient(pieces.out.bias));  // nothing was added since
  CHECK_THROWS_WITH_AS(sum.add(pieces, tape), "GradientSum: this recording has no gradients: call backward() first",
                       ad::Error);
}

TEST_CASE("GradientSum: a parameter that changed its shape is refused, and nothing was added") {
  std::vector<ad::Parameter<double>> both;
  both.emplace_back(ad::Tensor<double>(1, 2, {1, 2}));
  both.emplace_back(ad::Tensor<double>(2, 2, {1, 2, 3, 4}));
  ad::Tape<double> tape;
  tape.backward(ad::sum(tape.parameter(both[0])) + ad::sum(tape.parameter(both[1])));
  ad::nn::GradientSum<double> sum;
  sum.add(both, tape);
  for (const auto& [rows, cols] : {std::pair(1, 2), std::pair(2, 3), std::pair(3, 2)}) {
    both[1].value = ad::Tensor<double>(rows, cols);
    CHECK_THROWS_AS(sum.add(both, tape), ad::ShapeError);
    CHECK(sum.gradient(both[0]).values(0, 0) == 1);
  }
}

TEST_CASE("GradientSum: a refusal at the first add leaves nothing behind") {
  ad::Parameter<double> p(ad::Tensor<double>(1, 2));
  ad::Tape<double> tape;
  tape.backward(ad::sum(tape.parameter(p)));
  ad::nn::GradientSum<double> sum;
  p.value = ad::Tensor<double>(3, 2);
  CHECK_THROWS_AS(sum.add(p, tape), ad::ShapeError);
  p.value = ad::Tensor<double>(1, 2);
  sum.add(p, tape);
  CHECK(sum.gradient(p).values.rows == 1);
}

TEST_CASE("GradientSum knows a parameter wherever it lies, in whatever order it is asked") {
  std::vector<ad::Parameter<double>> many;
  for (int k = 0; k < 5; ++k) many.emplace_back(ad::Tensor<double>(1, 2));
  ad::Tape<double> tape;
  ad::Var<double> loss = tape.constant(0.0);
  for (int k = 0; k < 5; ++k) loss += (k + 1) * ad::sum(tape.parameter(many[k]));
  tape.backward(loss);
  ad::nn::GradientSum<double> sum;
  sum.add(many, tape);
  std::reverse(many.begin(), many.end());
  sum.add(many, tape, 2);
  for (const int k : {3, 0, 4, 4, 2, 1}) CHECK(sum.gradient(many[k]).values(0, 1) == 3 * (5 - k));
  many[2] = ad::Parameter<double>(ad::Tensor<double>(1, 2));  // a new one where an old one lay
  CHECK_FALSE(sum.gradient(many[2]));
  sum.reset();
  tape.reset();
  tape.backward(ad::sum(tape.parameter(many[2])) + ad::sum(tape.parameter(many[4])));
  sum.add(many, tape);
  CHECK(sum.gradient(many[2]).values(0, 0) == 1);
  CHECK(sum.gradient(many[4]).values(0, 0) == 1);
  CHECK_FALSE(sum.gradient(many[3]));  // what it had is of before reset()
}

TEST_CASE("Sgd: while there is no momentum there is no buffer, of rows that come and of those left out") {
  ad::Parameter<double> p(ad::Tensor<double>(2, 1));
  ad::nn::Sgd<double> sgd({.learning_rate = 1});
  ad::Tape<double> tape;
  const auto step = [&](std::int32_t row) {
    tape.backward(ad::sum(ad::gather_rows(tape.parameter(p), std::vector<std::int32_t>{row})));
    sgd.step(p, tape);
    tape.reset();
  };
  step(0);
  step(1);
  sgd.options().momentum = 0.9;
  step(1);
  CHECK(p.value(0, 0) == -1);
  CHECK(p.value(1, 0) == -2);
}

TEST_CASE("Sgd: the momentum of a row that does not come again gets to 0, not to numbers that processors are slow at") {
  ad::Parameter<float> p(ad::Tensor<float>(2, 4));
  ad::nn::Sgd<float> sgd({.learning_rate = 1, .momentum = 0.9});
  ad::Tape<float> tape;
  for (int step = 0; step < 1000; ++step) {
    tape.backward(ad::sum(ad::gather_rows(tape.parameter(p), std::vector<std::int32_t>{step > 0})));
    sgd.step(p, tape);
    tape.reset();
  }
  sgd.for_each_state(p,
                     [](const std::string&, ad::Matrix<float> momentum, std::int64_t) { CHECK(momentum(0, 0) == 0); });
}
