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
