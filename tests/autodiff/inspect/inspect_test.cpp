// Looking into a recording: Jacobians, pictures, costs, and what is not finite.
#include "../../support/check_op.h"

using test::random_tensor;

TEST_CASE("jacobian: of a product by hand, of what x does not reach, of nothing") {
  const ad::Tensor<double> a(2, 3, {1, 2, 3, 4, 5, 6}), x(3, 1, {1, -1, 2});
  const auto product = [&](ad::Tape<double>& tape, ad::Var<double> v) { return ad::matmul(tape.constant(a), v); };
  CHECK(test::distance(ad::jacobian(product, x), a) == 0);
  const auto squares = [](ad::Tape<double>&, ad::Var<double> v) { return ad::square(v); };
  CHECK(test::distance(ad::jacobian(squares, x), ad::Tensor<double>(3, 3, {2, 0, 0, 0, -2, 0, 0, 0, 4})) == 0);
  const auto constant = [](ad::Tape<double>& tape, ad::Var<double>) { return tape.constant(3); };
  CHECK(test::distance(ad::jacobian(constant, x), ad::Tensor<double>(1, 3)) == 0);
  const auto none = [](ad::Tape<double>&, ad::Var<double> v) { return ad::slice_rows(v, 1, 1); };
  CHECK(ad::jacobian(none, x).rows() == 0);
}

TEST_CASE("graphviz: nodes with ops and shapes, arrows from inputs") {
  ad::Tape<float> tape;
  const auto x = tape.variable(ad::Tensor<float>(2, 3)), c = tape.constant(1);
  ad::sum(x * c);
  CHECK(ad::graphviz(tape) == R"(digraph tape {
  rankdir=TB;
  node [fontname="sans-serif", style=filled];
  n0 [label="variable\n[2, 3]", shape=ellipse, fillcolor="#cfe8cf"];
  n1 [label="constant\n[1, 1]", shape=ellipse, fillcolor="#eeeeee"];
  n2 [label="mul\n[2, 3]", shape=box, fillcolor="#cfe8cf"];
  n0 -> n2;
  n1 -> n2;
  n3 [label="sum\n[1, 1]", shape=box, fillcolor="#cfe8cf"];
  n2 -> n3;
}
)");
}

TEST_CASE("first_not_finite names op, node and element, of values first, then of gradients in backward order") {
  ad::Tape<double> tape;
  const auto x = tape.variable(ad::Tensor<double>(2, 2, {1, 2, 0, 4}));
  const auto root = ad::sqrt(x);
  const auto loss = ad::sum(root);
  CHECK(ad::first_not_finite(tape).empty());
  tape.backward(loss);
  CHECK(ad::first_not_finite(tape) == "variable, node 0 [2, 2]: gradient (1, 0) is inf");
  tape.reset();
  const auto y = tape.variable(ad::Tensor<double>(2, 2, {1, 2, 0, 4}));
  ad::sum(ad::log(y));
  CHECK(ad::first_not_finite(tape) == "log, node 1 [2, 2]: value (1, 0) is -inf");
}

TEST_CASE("first_not_finite names the row of the leaf where its gradient has some rows only") {
  ad::Tape<double> tape;
  const auto leaf = tape.variable(ad::Tensor<double>(30, 2));
  const ad::Tensor<double> seed(3, 2, {0, 0, 1, 1.5e308, 1, 1.5e308});
  tape.backward(ad::gather_rows(leaf, std::vector<std::int32_t>{4, 17, 17}), seed);
  CHECK(tape.node(0).gradient.row_sparse);
  CHECK(ad::first_not_finite(tape) == "variable, node 0 [30, 2]: gradient (17, 1) is inf");
}

TEST_CASE("a recording whose backward failed shows no gradients") {
  ad::Tape<double> tape;
  const auto x = tape.variable(ad::Tensor<double>(1, 1, {1}));
  const auto bad = tape.record("bad", tape.alloc(1, 1), {x}, [=](ad::Tape<double>& t, ad::ConstMatrix<double>) {
    t.grad_slot(x);
    throw ad::Error("bad");
  });
  CHECK_THROWS_AS(tape.backward(bad), ad::Error);
  CHECK_FALSE(tape.node(0).gradient);
}

TEST_CASE("dense: a gradient of another shape is refused") {
  ad::Tape<double> tape;
  const auto x = tape.variable(ad::Tensor<double>(10, 2));
  tape.backward(ad::sum(ad::gather_rows(x, std::vector<std::int32_t>{9})));
  CHECK(ad::dense(tape.gradient(x), 10, 2)(9, 1) == 1);
  CHECK_THROWS_AS(ad::dense(tape.gradient(x), 9, 2), ad::ShapeError);
  CHECK_THROWS_AS(ad::dense(tape.gradient(x), 10, 3), ad::ShapeError);
}

TEST_CASE("Profile: every op of a step with its calls, times and memory; as a table; nobody follows after it") {
  ad::Tape<double> tape;
  const ad::Tensor<double> x = random_tensor(100, 50, 0.5, 2, 1);
  const auto step = [&] {
    const auto v = tape.variable(x);
    tape.backward(ad::sum(ad::log(v) + ad::log(v)));
    tape.reset();
  };
  std::string table;
  {
    const ad::Profile profile(tape);
    step();
    step();
    const auto& costs = profile.costs();
    CHECK(costs.size() == 4);
    CHECK(costs.at("log").calls == 4);
    CHECK(costs.at("log").forward > 0);
    CHECK(costs.at("log").backward > 0);
    CHECK(costs.at("variable").backward == 0);
    CHECK(costs.at("sum").calls == 2);
    CHECK(costs.at("log").bytes >= 2 * 3 * 100 * 50 * 8);  // two values and the gradient of x, twice
    table = profile.table();
  }
  step();
  CHECK(std::count(table.begin(), table.end(), '\n') == 5);
  CHECK(table.starts_with("op  "));
  CHECK(table.find("\nlog  ") != std::string::npos);
}
