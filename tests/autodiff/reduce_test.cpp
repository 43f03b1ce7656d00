#include "../support/check_op.h"

using test::check_op;
using test::random_tensor;

TEST_CASE("sums and the softmax family: gradients") {
  const test::Inputs shapes[] = {
      {random_tensor(3, 7, -2, 2, 1)}, {random_tensor(5, 2, -2, 2, 2)}, {random_tensor(2, 37, -0.5, 0.5, 3)}};
  for (const test::Inputs& x : shapes) {
    check_op(
        "sum", [](auto&, auto in) { return ad::sum(in[0]); }, x);
    check_op(
        "row_sums", [](auto&, auto in) { return ad::row_sums(in[0]); }, x);
    check_op(
        "log_softmax", [](auto&, auto in) { return ad::log_softmax(in[0]); }, x);
  }
  check_op("mean", [](auto&, auto in) { return ad::mean(in[0]); }, {random_tensor(1, 3, -2, 2, 4)});
  check_op(
      "logsumexp", [](auto&, auto in) { return ad::logsumexp(in[0]); }, shapes[0]);
  check_op("logsumexp", [](auto&, auto in) { return ad::logsumexp(in[0]); }, {ad::Tensor<double>(2, 3)});  // ties
  check_op("log_softmax", [](auto&, auto in) { return ad::log_softmax(in[0]); },
           {ad::Tensor<double>(2, 3, {1, 1, 1, -1, 0, 2})});
  // The sum of a softmax is 1 whatever the input: weigh it, so that gradients reach 0.1.
  check_op("softmax", [](auto&, auto in) { return ad::scale(ad::softmax(in[0]), 8.0); },
           {random_tensor(3, 4, -2, 2, 5)});
}

TEST_CASE("row_mean, column_sums, row_max, row_min: gradients") {
  const test::Inputs x = {random_tensor(3, 5, 0.5, 2, 1)};
  test::check_op(
      "row_mean", [](auto&, auto in) { return ad::row_mean(in[0]); }, x);
  test::check_op(
      "column_sums", [](auto&, auto in) { return ad::column_sums(in[0]); }, x);
  // Extremes that no step of a central difference overtakes, at sizes of several tasks.
  ad::Tensor<double> clear = random_tensor(300, 257, 0.5, 2, 2);
  for (ad::Index i = 0; i < clear.rows(); ++i) {
    clear(i, i * 7 % clear.cols()) = 3;
    clear(i, i * 5 % (clear.cols() - 1) + 1) = 0.1;
  }
  const auto max = [](auto&, auto in) { return ad::row_max(in[0]); };
  const auto min = [](auto&, auto in) { return ad::row_min(in[0]); };
  test::check_op("row_max", max, x, {}, test::Tasks::few);
  test::check_op("row_min", min, x, {}, test::Tasks::few);
  test::check_direction(max, {clear});
  test::check_direction(min, {clear});
  test::check_threads(max, {clear});
  test::check_threads(min, {clear});
}

TEST_CASE("row_max, row_min: the first of equals, NaN, infinities; rows without columns are refused") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  const double nan = std::nan("");
  ad::Tape<double> tape;
  const auto x = tape.variable(ad::Tensor<double>(4, 3, {2, 5, 5, 1, nan, nan, -inf, -inf, -inf, inf, 0, inf}));
  const auto top = ad::row_max(x);
  CHECK(top.value()(0, 0) == 5);
  CHECK(std::isnan(top.value()(1, 0)));
  CHECK(top.value()(2, 0) == -inf);
  CHECK(ad::row_min(x).value()(3, 0) == 0);
  tape.backward(ad::sum(top));
  const double expected[] = {0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0};
  for (ad::Index i = 0; i < 12; ++i) CHECK(tape.gradient(x).values.data[i] == expected[i]);
  tape.reset();
  const auto none = tape.variable(ad::Tensor<double>(2, 0));
  CHECK_THROWS_WITH_AS(ad::row_max(none), "row_max: [2, 0] has no columns", ad::ShapeError);
  CHECK_THROWS_WITH_AS(ad::row_mean(none), "row_mean: [2, 0] has no columns", ad::ShapeError);
  CHECK(ad::column_sums(none).cols() == 0);
}

TEST_CASE("mean of nothing is an error, a sum is 0") {
  ad::Tape<double> tape;
  CHECK_THROWS_WITH_AS(ad::mean(tape.variable(ad::Tensor<double>(0, 3))), "mean: [0, 3] has no elements",
                       ad::ShapeError);
  CHECK(ad::sum(tape.variable(ad::Tensor<double>(0, 3))).value()(0, 0) == 0);
  CHECK(ad::row_sums(tape.variable(ad::Tensor<double>(2, 0))).value()(1, 0) == 0);
}

TEST_CASE_TEMPLATE("softmax family: extreme values against closed forms", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity();
  const double tolerance = sizeof(T) == 4 ? 1e-6 : 1e-13;
  ad::Tensor<T> x(4, 2, {T(1e6), T(1e6), T(-1e6), T(-1e6 + 1), T(-1e30), T(1e30), -inf, T(3)});
  ad::Tape<T> tape;
  const ad::Var<T> v = tape.variable(x), lse = ad::logsumexp(v), soft = ad::softmax(v), log_soft = ad::log_softmax(v);
  CHECK(lse.value()(0, 0) == doctest::Approx(1e6 + std::log(2.0)).epsilon(tolerance));
  CHECK(lse.value()(1, 0) == doctest::Approx(-1e6 + std::log1p(std::exp(1.0))).epsilon(tolerance));
  CHECK(lse.value()(2, 0) == T(1e30));
  CHECK(lse.value()(3, 0) == T(3));
  CHECK(soft.value()(0, 1) == doctest::Approx(0.5).epsilon(tolerance));
  CHECK(soft.value()(1, 1) == doctest::Approx(1 / (1 + std::exp(-1.0))).epsilon(sizeof(T) == 4 ? 1e-6 : 1e-9));
  CHECK(soft.value()(2, 0) == 0);
  CHECK(soft.value()(3, 1) == 1);
  CHECK(log_soft.value()(2, 1) == 0);
  tape.backward(ad::sum(lse));
  const auto g = tape.gradient(v).values;
  CHECK(g(0, 0) == doctest::Approx(0.5).epsilon(tolerance));
  CHECK(g(2, 0) == 0);
  CHECK(g(2, 1) == 1);
  CHECK(g(3, 0) == 0);
}

TEST_CASE("a row of -inf alone has the logsumexp -inf and no gradient") {
  const double inf = std::numeric_limits<double>::infinity();
  ad::Tape<double> tape;
  const auto v = tape.variable(ad::Tensor<double>(1, 2, {-inf, -inf})), lse = ad::logsumexp(v);
  CHECK(lse.value()(0, 0) == -inf);
  CHECK(ad::log_softmax(v).value()(0, 1) == -inf);
  tape.backward(lse);
  CHECK(tape.gradient(v).values(0, 0) == 0);
}

TEST_CASE_TEMPLATE("softmax family: NaN anywhere in a row is NaN in all of the row, and in its gradients", T, float,
                   double) {
  for (const ad::Index n : {2, 9, 40}) {
    for (const ad::Index at : {ad::Index{0}, n / 2, n - 1}) {
      ad::Tensor<T> x(1, n);
      std::fill_n(x.data(), n, T(1));
      x(0, at) = std::numeric_limits<T>::quiet_NaN();
      for (const auto& f : {&ad::logsumexp<T>, &ad::softmax<T>, &ad::log_softmax<T>}) {
        ad::Tape<T> tape;
        const ad::Var<T> v = tape.variable(x), y = f(v);
        for (ad::Index j = 0; j < y.value().size(); ++j) CHECK(std::isnan(y.value().data[j]));
        tape.backward(ad::sum(y));
        CHECK(std::isnan(tape.gradient(v).values(0, n - 1)));
      }
    }
  }
}

TEST_CASE_TEMPLATE("softmax family: +inf has no softmax, and no gradient that hides it", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity();
  ad::Tape<T> tape;
  const ad::Var<T> v = tape.variable(ad::Tensor<T>(1, 3, {inf, 1, 2}));
  const ad::Var<T> lse = ad::logsumexp(v);
  CHECK(lse.value()(0, 0) == inf);
  for (const ad::Var<T> y : {ad::softmax(v), ad::log_softmax(v)}) CHECK(std::isnan(y.value()(0, 0)));
  tape.backward(lse);
  CHECK(std::isnan(tape.gradient(v).values(0, 0)));
}

TEST_CASE("sums over many pieces do not depend on threads and lose no digits") {
  ad::Tensor<float> x(301, 211);
  ad::fill_uniform(x.view(), 0, 1, {.seed = 5});
  double exact = 0;
  for (ad::Index i = 0; i < x.size(); ++i) exact += x.data()[i];
  float results[2];
  for (int threads : {1, 4}) {
    ad::set_threads(threads);
    ad::Tape<float> tape;
    results[threads == 4] = ad::sum(tape.constant(x)).value()(0, 0);
  }
  ad::set_threads(0);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == static_cast<float>(exact));
}
