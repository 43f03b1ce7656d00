#include "../support/check_op.h"

using test::check_op;
using test::random_tensor;

TEST_CASE("functions of one value: gradients") {
  const test::Inputs positive = {random_tensor(3, 7, 0.3, 2, 1)}, negative = {random_tensor(5, 3, -2, -0.3, 2)};
  for (const test::Inputs& x : {positive, negative}) {
    check_op(
        "scale", [](auto&, auto in) { return ad::scale(in[0], -1.75); }, x);
    check_op(
        "neg", [](auto&, auto in) { return -in[0]; }, x);
    check_op(
        "exp", [](auto&, auto in) { return ad::exp(in[0]); }, x);
    check_op(
        "square", [](auto&, auto in) { return ad::square(in[0]); }, x);
    check_op(
        "tanh", [](auto&, auto in) { return ad::tanh(in[0]); }, x);
    check_op(
        "sigmoid", [](auto&, auto in) { return ad::sigmoid(in[0]); }, x);
    check_op(
        "swish", [](auto&, auto in) { return ad::swish(in[0]); }, x);
    check_op(
        "abs", [](auto&, auto in) { return ad::abs(in[0]); }, x);
    check_op(
        "softplus", [](auto&, auto in) { return ad::softplus(in[0]); }, x);
    check_op(
        "gelu", [](auto&, auto in) { return ad::gelu(in[0]); }, x);
    check_op(
        "pow", [](auto&, auto in) { return ad::pow(in[0], 3); }, x);
  }
  check_op(
      "pow", [](auto&, auto in) { return ad::pow(in[0], -0.5); }, positive);
  check_op(
      "sqrt", [](auto&, auto in) { return ad::sqrt(in[0]); }, positive);
  ad::Tensor<double> clear(3, 3, {0.5, 0.6, 0.7, 0.9, 1, 1.3, 1.7, 1.8, 2});  // of the bounds
  check_op("clamp", [](auto&, auto in) { return ad::clamp(in[0], 0.8, 1.5); }, {clear});
  check_op("relu", [](auto&, auto in) { return ad::relu(in[0]); }, {random_tensor(3, 7, 0.3, 2, 3)});
  test::Inputs mixed = {random_tensor(3, 7, -1, 1, 3)};
  mixed[0](1, 1) = 0.5;
  check_op(
      "relu", [](auto&, auto in) { return ad::relu(in[0]); }, mixed);
  check_op(
      "log", [](auto&, auto in) { return ad::log(in[0]); }, positive);
  check_op("swish", [](auto&, auto in) { return ad::swish(in[0]); }, {random_tensor(2, 17, -3, 3, 4)});
}

namespace {
// Value and derivative of one function at one point.
template <class T, class F>
std::pair<T, T> at(T x, F f) {
  ad::Tape<T> tape;
  ad::Tensor<T> t(1, 1);
  t(0, 0) = x;
  const ad::Var<T> v = tape.variable(t), y = f(v);
  tape.backward(y);
  return {y.value()(0, 0), tape.gradient(v).values(0, 0)};
}
}  // namespace

TEST_CASE_TEMPLATE("functions of one value: extreme values have their limits", T, float, double) {
  using Pair = std::pair<T, T>;
  const T inf = std::numeric_limits<T>::infinity();
  CHECK(at<T>(1000, [](auto v) { return ad::sigmoid(v); }) == Pair(1, 0));
  CHECK(at<T>(-1000, [](auto v) { return ad::sigmoid(v); }) == Pair(0, 0));
  CHECK(at<T>(1000, [](auto v) { return ad::swish(v); }) == Pair(1000, 1));
  CHECK(at<T>(-1000, [](auto v) { return ad::swish(v); }) == Pair(0, 0));
  CHECK(at<T>(1000, [](auto v) { return ad::tanh(v); }) == Pair(1, 0));
  CHECK(at<T>(-1000, [](auto v) { return ad::exp(v); }) == Pair(0, 0));
  CHECK(at<T>(1000, [](auto v) { return ad::exp(v); }) == Pair(inf, inf));
  CHECK(at<T>(0, [](auto v) { return ad::exp(v); }) == Pair(1, 1));
  CHECK(at<T>(0, [](auto v) { return ad::relu(v); }) == Pair(0, 0));
  CHECK(at<T>(-3, [](auto v) { return ad::relu(v); }) == Pair(0, 0));
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const auto is_nan = [](Pair y) { return std::isnan(y.first); };
  CHECK(is_nan(at<T>(nan, [](auto v) { return ad::relu(v); })));
  CHECK(is_nan(at<T>(nan, [](auto v) { return ad::exp(v); })));
  CHECK(is_nan(at<T>(nan, [](auto v) { return ad::log(v); })));
  CHECK(is_nan(at<T>(nan, [](auto v) { return ad::tanh(v); })));
  CHECK(is_nan(at<T>(nan, [](auto v) { return ad::sigmoid(v); })));
  CHECK(is_nan(at<T>(nan, [](auto v) { return ad::swish(v); })));
}

TEST_CASE_TEMPLATE("abs, clamp, sqrt, pow, softplus, gelu: limits, kinks, NaN", T, float, double) {
  constexpr T inf = std::numeric_limits<T>::infinity();
  const auto pair = [](T value, T slope) { return std::pair<T, T>(value, slope); };
  CHECK(at<T>(0, [](auto x) { return ad::abs(x); }) == pair(0, 0));
  CHECK(at<T>(-3, [](auto x) { return ad::abs(x); }) == pair(3, -1));
  const auto clamp = [](auto x) { return ad::clamp(x, -1, 2); };
  CHECK(at<T>(2, clamp) == pair(2, 1));
  CHECK(at<T>(inf, clamp) == pair(2, 0));
  CHECK(at<T>(-5, clamp) == pair(-1, 0));
  CHECK(at<T>(4, [](auto x) { return ad::sqrt(x); }) == pair(2, T(0.25)));
  CHECK(at<T>(0, [](auto x) { return ad::pow(x, 2); }) == pair(0, 0));
  CHECK(at<T>(0, [](auto x) { return ad::pow(x, 0); }) == pair(1, 0));
  CHECK(at<T>(-3, [](auto x) { return ad::pow(x, 3); }) == pair(-27, 27));
  CHECK(at<T>(1000, [](auto x) { return ad::softplus(x); }) == pair(1000, 1));
  CHECK(at<T>(-1000, [](auto x) { return ad::softplus(x); }) == pair(0, 0));
  CHECK(at<T>(100, [](auto x) { return ad::gelu(x); }) == pair(100, 1));
  CHECK(at<T>(-100, [](auto x) { return ad::gelu(x); }).second == 0);
  CHECK(at<T>(1, [](auto x) { return ad::gelu(x); }).first == doctest::Approx(0.8413447460685429));
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (const T value :
       {at<T>(nan, [](auto x) { return ad::abs(x); }).first, at<T>(nan, clamp).first,
        at<T>(nan, [](auto x) { return ad::softplus(x); }).first, at<T>(nan, [](auto x) { return ad::gelu(x); }).first,
        at<T>(nan, [](auto x) { return ad::pow(x, 2); }).first}) {
    CHECK(std::isnan(value));
  }
  ad::Tape<T> tape;
  CHECK_THROWS_WITH_AS(ad::clamp(tape.constant(1), 2, 1), "clamp: expected low <= high, found 2.000000, 1.000000",
                       ad::Error);
}

TEST_CASE("detach: the same values, and no gradient goes on; item() wants one number") {
  ad::Tape<double> tape;
  const auto x = tape.variable(ad::Tensor<double>(1, 2, {2, 3}));
  const auto y = ad::square(x);
  const auto loss = ad::sum(ad::detach(y) * x);
  CHECK(loss.item() == 35);
  tape.backward(loss);
  CHECK(tape.gradient(x).values(0, 0) == 4);
  CHECK(tape.gradient(x).values(0, 1) == 9);
  CHECK_THROWS_WITH_AS(x.item(), "item: expected [1, 1], found [1, 2]", ad::ShapeError);
  CHECK_THROWS_WITH_AS(ad::detach(ad::Var<double>()), "detach: empty handle", ad::Error);
}
