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
  }
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
