#include "../support/check_op.h"

using test::check_op;
using test::random_tensor;

TEST_CASE("add, sub, mul, div: gradients, broadcasting, errors") {
  const auto add = [](auto&, auto in) { return in[0] + in[1]; };
  const auto sub = [](auto&, auto in) { return in[0] - in[1]; };
  const auto mul = [](auto&, auto in) { return in[0] * in[1]; };
  const auto div = [](auto&, auto in) { return in[0] / in[1]; };
  const std::vector<test::Inputs> misfits = {{random_tensor(3, 5, 1, 2, 1), random_tensor(3, 4, 1, 2, 2)},
                                             {random_tensor(3, 5, 1, 2, 1), random_tensor(2, 5, 1, 2, 2)}};
  const std::pair<ad::Index, ad::Index> shapes[] = {{3, 5}, {1, 5}, {3, 1}, {1, 1}};
  for (auto [rows, cols] : shapes) {
    for (bool small_left : {false, true}) {
      test::Inputs inputs = {random_tensor(3, 5, 0.5, 2, 3), random_tensor(rows, cols, 0.5, 2, 4)};
      if (small_left) std::swap(inputs[0], inputs[1]);
      check_op("add", add, inputs, misfits);
      check_op("sub", sub, inputs, misfits);
      check_op("mul", mul, inputs, misfits);
      check_op("div", div, inputs, misfits);
    }
  }
  check_op("mul", mul, {random_tensor(3, 1, 0.5, 2, 5), random_tensor(1, 67, 0.5, 2, 6)});  // both repeat; odd width
}

TEST_CASE("max, min, where, masked_fill: gradients, broadcasting, errors") {
  const auto max = [](auto&, auto in) { return ad::max(in[0], in[1]); };
  const auto min = [](auto&, auto in) { return ad::min(in[0], in[1]); };
  const std::vector<test::Inputs> misfits = {{random_tensor(3, 5, 1, 2, 1), random_tensor(3, 4, 1, 2, 2)}};
  for (auto [rows, cols] : {std::pair<ad::Index, ad::Index>{3, 5}, {1, 5}, {3, 1}, {1, 1}}) {
    const test::Inputs inputs = {random_tensor(3, 5, 0.5, 2, 3), random_tensor(rows, cols, 0.9, 1.3, 4)};
    check_op("max", max, inputs, misfits);
    check_op("min", min, inputs, misfits);
    check_op(
        "where",
        []<class T>(ad::Tape<T>&, std::span<const ad::Var<T>> in) {
          ad::Tensor<T> stripes(1, test::sides(in[0]).cols());
          for (ad::Index j = 0; j < stripes.cols(); ++j) stripes(0, j) = static_cast<T>(j % 2);
          return ad::where(stripes, in[0], in[1]);
        },
        inputs, misfits);
  }
  check_op("masked_fill",
           []<class T>(ad::Tape<T>&, std::span<const ad::Var<T>> in) {
             ad::Tensor<T> stripes(test::sides(in[0]).rows(), 1);
             for (ad::Index i = 0; i < stripes.rows(); ++i) stripes(i, 0) = static_cast<T>(i % 2);
             return ad::masked_fill(in[0], stripes, -3);
           },
           {random_tensor(3, 5, 0.5, 2, 3)});
}

TEST_CASE("max, min: NaN wins on either side, equals share; where leaves out what it does not take") {
  const double nan = std::nan("");
  ad::Tape<double> tape;
  const auto x = tape.variable(ad::Tensor<double>(1, 3, {nan, 1, 2})),
             y = tape.variable(ad::Tensor<double>(1, 3, {1, nan, 2}));
  for (const bool larger : {true, false}) {
    const ad::ConstMatrix<double> v = (larger ? ad::max(x, y) : ad::min(x, y)).value();
    CHECK(std::isnan(v(0, 0)));
    CHECK(std::isnan(v(0, 1)));
    CHECK(v(0, 2) == 2);
  }
  tape.backward(ad::sum(ad::slice_cols(ad::max(x, y), 2, 3)));
  CHECK(tape.gradient(x).values(0, 2) == 0.5);
  CHECK(tape.gradient(y).values(0, 2) == 0.5);
  tape.reset();
  const auto a = tape.variable(ad::Tensor<double>(1, 2, {nan, 4})),
             b = tape.variable(ad::Tensor<double>(1, 2, {3, nan}));
  const auto taken = ad::where(ad::Tensor<double>(1, 2, {0, 1}), a, b);
  CHECK(taken.value()(0, 0) == 3);
  CHECK(taken.value()(0, 1) == 4);
  tape.backward(ad::sum(ad::square(taken)));
  CHECK(tape.gradient(a).values(0, 0) == 0);
  CHECK(tape.gradient(a).values(0, 1) == 8);
  CHECK(tape.gradient(b).values(0, 0) == 6);
}

TEST_CASE("div: the gradient does not go through b^2, which floats may not hold") {
  ad::Tape<float> tape;
  const auto a = tape.variable(ad::Tensor<float>(1, 2, {1e-23f, 1e30f})),
             b = tape.variable(ad::Tensor<float>(1, 2, {1e-23f, 1e20f}));
  tape.backward(ad::sum(a / b));
  CHECK(tape.gradient(b).values(0, 0) == doctest::Approx(-1e23));
  CHECK(tape.gradient(b).values(0, 1) == doctest::Approx(-1e-10));
}

TEST_CASE("where, masked_fill, linear and mse name themselves; where takes memory for its result alone") {
  ad::Tape<double> tape;
  const auto x = tape.variable(ad::Tensor<double>(3, 4));
  CHECK_THROWS_WITH_AS(ad::masked_fill(x, ad::Tensor<double>(4, 4), 1),
                       "masked_fill: [4, 4] and [3, 4] do not broadcast: a side must be equal or 1", ad::ShapeError);
  CHECK_THROWS_WITH_AS(ad::linear(x, x, x),
                       "linear: x [3, 4], weight [3, 4], bias [3, 4]: expected [batch, in], [out, in], [1, out]",
                       ad::ShapeError);
  CHECK_THROWS_WITH_AS(ad::linear(x, ad::transpose(x)),
                       "linear: x [3, 4], weight [4, 3]: expected [batch, in], [out, in]", ad::ShapeError);
  const auto large = tape.variable(ad::Tensor<double>(1000, 1000));
  const std::size_t before = tape.bytes_in_use();
  ad::where(ad::Tensor<double>(1, 1), large, large);
  CHECK(tape.bytes_in_use() - before < 8001000);
}

TEST_CASE("numbers beside values: gradients, and the values of matrices of them") {
  const test::Inputs x = {random_tensor(3, 5, 0.5, 2, 3)};
  check_op(
      "add", [](auto&, auto in) { return in[0] + 0.75; }, x);
  check_op(
      "add", [](auto&, auto in) { return 2 + in[0]; }, x);
  check_op(
      "sub", [](auto&, auto in) { return in[0] - 0.75; }, x);
  check_op(
      "sub", [](auto&, auto in) { return 1 - in[0]; }, x);
  check_op(
      "scale", [](auto&, auto in) { return in[0] * 0.75; }, x);
  check_op(
      "scale", [](auto&, auto in) { return 2 * in[0]; }, x);
  check_op(
      "div", [](auto&, auto in) { return in[0] / 0.75; }, x);
  check_op(
      "div", [](auto&, auto in) { return 1 / in[0]; }, x);
  check_op(
      "add", [](auto& tape, auto in) { return in[0] + tape.constant(3.0); }, x);

  ad::Tape<double> tape;
  ad::Var<double> v = tape.constant(2);
  v += 3;
  v *= v;
  v -= tape.constant(1.0);
  v /= 4;
  CHECK(v.item() == 6);
  CHECK((7 - v).item() == 1);
  CHECK((3 / v).item() == 0.5);
}

TEST_CASE("an operand used twice in one op gets both parts") {
  test::check_op("mul", [](auto&, auto in) { return in[0] * in[0]; }, {random_tensor(2, 3, 0.5, 2, 1)});
  test::check_op("add", [](auto&, auto in) { return in[0] + in[0]; }, {random_tensor(2, 3, 0.5, 2, 1)});
}

TEST_CASE("large matrices: several tasks, the same bits for any number of threads") {
  const test::Inputs inputs = {random_tensor(203, 401, 0.5, 2, 3), random_tensor(1, 401, 0.5, 2, 4)};
  const auto op = [](auto&, auto in) { return in[0] * in[1]; };
  const std::vector<test::Leaf> leaves(2, test::Leaf::variable);
  ad::set_threads(1);
  const auto one = test::evaluate<float>(op, inputs, leaves);
  ad::set_threads(4);
  const auto four = test::evaluate<float>(op, inputs, leaves);
  ad::set_threads(0);
  CHECK(test::distance(one.value, four.value) == 0);
  for (std::size_t k = 0; k < 2; ++k) CHECK(test::distance(one.gradients[k], four.gradients[k]) == 0);
  const auto exact = test::evaluate<double>(op, inputs, leaves);
  CHECK(test::distance(one.gradients[1], exact.gradients[1]) < 1e-6);
}

TEST_CASE("empty matrices pass through") {
  ad::Tape<double> tape;
  const auto x = tape.variable(ad::Tensor<double>(0, 4)), row = tape.variable(ad::Tensor<double>(1, 4));
  tape.backward(ad::sum(x * row));
  CHECK(tape.gradient(row).values(0, 3) == 0);
}

TEST_CASE("gradients of matrices without columns, also summed over rows") {
  ad::Tape<float> tape;
  const auto a = tape.variable(ad::Tensor<float>(5, 0)), b = tape.variable(ad::Tensor<float>(1, 0));
  tape.backward(ad::sum(a + b));
  CHECK(tape.gradient(b).values.cols == 0);
}
