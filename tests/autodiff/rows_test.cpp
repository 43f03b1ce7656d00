// Rows and columns taken out, put together and turned.
#include "../support/check_op.h"

namespace {

using test::random_tensor;

// As many rows of the large matrix as of the small one, spread over it, some twice.
std::vector<std::int32_t> some_rows(ad::Index rows) {
  std::vector<std::int32_t> indices;
  for (ad::Index k = 0; k < 2 * rows; ++k) indices.push_back(static_cast<std::int32_t>(k * k * 7 % rows));
  return indices;
}

}  // namespace

TEST_CASE("gather_rows: gradients") {
  test::check_op("gather_rows",
                 [](auto&, auto in) { return ad::gather_rows(in[0], some_rows(test::sides(in[0]).rows())); },
                 {random_tensor(5, 3, -2, 2, 1)});
}

TEST_CASE("gather_rows: a leaf's gradient has the rows that occur, an inner value's is dense") {
  const std::vector<std::int32_t> indices = {3, 1, 3};
  ad::Tape<double> tape;
  const ad::Tensor<double> table = random_tensor(5, 2, -1, 1, 1);
  const auto x = tape.variable(table);
  const auto rows = ad::gather_rows(x, indices);
  CHECK(rows.value()(0, 1) == table(3, 1));
  CHECK(rows.value()(1, 0) == table(1, 0));
  tape.backward(ad::sum(rows));
  const auto g = tape.gradient(x);
  REQUIRE(g.row_sparse);
  CHECK(std::vector<std::int32_t>(g.rows.begin(), g.rows.end()) == std::vector<std::int32_t>{1, 3});
  CHECK(g.values(0, 0) == 1);
  CHECK(g.values(1, 0) == 2);

  tape.reset();
  const auto leaf = tape.variable(table);
  tape.backward(ad::sum(ad::gather_rows(ad::square(leaf), indices)));
  CHECK_FALSE(tape.gradient(leaf).row_sparse);
  CHECK(tape.gradient(leaf).values(3, 0) == doctest::Approx(4 * table(3, 0)));
  CHECK(tape.gradient(leaf).values(0, 0) == 0);
}

TEST_CASE("gather_rows: indices may die before the backward; none, and those outside") {
  ad::Tape<double> tape;
  const auto x = tape.variable(random_tensor(4, 2, -1, 1, 1));
  ad::Var<double> loss;
  {
    std::vector<std::int32_t> indices = {0, 2};
    loss = ad::sum(ad::gather_rows(x, indices));
    indices.assign(2, -1);
  }
  tape.backward(loss);
  CHECK(tape.gradient(x).values.rows == 2);
  tape.reset();
  const auto y = tape.variable(random_tensor(4, 2, -1, 1, 1));
  CHECK(ad::gather_rows(y, {}).rows() == 0);
  CHECK_THROWS_WITH_AS(ad::gather_rows(y, std::vector<std::int32_t>{4}), "gather_rows: there is no row 4 in [4, 2]",
                       ad::ShapeError);
  CHECK_THROWS_AS(ad::gather_rows(y, std::vector<std::int32_t>{-1}), ad::ShapeError);
}

TEST_CASE("slice_rows, slice_cols: gradients") {
  const auto rows = [](auto&, auto in) { return ad::slice_rows(in[0], 1, test::sides(in[0]).rows() - 1); };
  const auto cols = [](auto&, auto in) { return ad::slice_cols(in[0], 1, test::sides(in[0]).cols() - 1); };
  test::check_op("slice_rows", rows, {random_tensor(5, 3, -2, 2, 1)});
  test::check_op("slice_cols", cols, {random_tensor(3, 5, -2, 2, 1)});
}

TEST_CASE("slices of one value in one recording add up, of a leaf and of an inner value") {
  for (const bool inner : {false, true}) {
    ad::Tape<double> tape;
    const auto x = tape.variable(random_tensor(6, 4, -1, 1, 1));
    const auto v = inner ? x + 1 : x;
    const auto loss = ad::sum(ad::slice_rows(v, 0, 4)) + ad::sum(ad::slice_rows(v, 2, 6)) +
                      ad::sum(ad::slice_cols(v, 1, 2)) + ad::sum(ad::slice_rows(v, 6, 6));
    tape.backward(loss);
    const ad::Tensor<double> g = test::dense(tape.gradient(x), 6, 4);
    for (ad::Index i = 0; i < 6; ++i) {
      for (ad::Index j = 0; j < 4; ++j) CHECK(g(i, j) == 1 + (i >= 2 && i < 4) + (j == 1));
    }
  }
}

TEST_CASE("slices beyond the ends are refused") {
  ad::Tape<double> tape;
  const auto x = tape.variable(random_tensor(4, 2, -1, 1, 1));
  CHECK_THROWS_WITH_AS(ad::slice_rows(x, 2, 5), "slice_rows: from 2 to 5 of [4, 2]: expected 0 <= begin <= end <= 4",
                       ad::ShapeError);
  CHECK_THROWS_AS(ad::slice_rows(x, -1, 2), ad::ShapeError);
  CHECK_THROWS_AS(ad::slice_cols(x, 2, 1), ad::ShapeError);
  CHECK_THROWS_AS(ad::slice_cols(x, 0, 3), ad::ShapeError);
}

TEST_CASE("concat_rows, concat_cols: gradients, also of one part twice") {
  const auto rows = [](auto&, auto in) { return ad::concat_rows({in[0], in[1], in[0]}); };
  const auto cols = [](auto&, auto in) { return ad::concat_cols({in[0], in[1], in[0]}); };
  test::check_op("concat_rows", rows, {random_tensor(2, 3, -2, 2, 1), random_tensor(4, 3, -2, 2, 2)},
                 {{random_tensor(2, 3, -2, 2, 1), random_tensor(2, 4, -2, 2, 1)}});
  test::check_op("concat_cols", cols, {random_tensor(3, 2, -2, 2, 1), random_tensor(3, 4, -2, 2, 2)},
                 {{random_tensor(3, 2, -2, 2, 1), random_tensor(4, 2, -2, 2, 1)}});
}

TEST_CASE("concatenations: parts stand in their order; a span of many; of none, and empty ones") {
  ad::Tape<double> tape;
  const auto a = tape.variable(ad::Tensor<double>(1, 2, {1, 2})), b = tape.variable(ad::Tensor<double>(1, 2, {3, 4}));
  CHECK(ad::concat_rows({a, b}).value()(1, 0) == 3);
  CHECK(ad::concat_cols({a, b}).value()(0, 2) == 3);
  const std::vector<ad::Var<double>> many(50, a);
  const auto all = ad::concat_rows(many);
  CHECK(ad::concat_cols(many).cols() == 100);
  CHECK(all.rows() == 50);
  CHECK(ad::concat_rows({a, ad::slice_rows(b, 0, 0)}).rows() == 1);
  tape.backward(ad::sum(all));
  CHECK(tape.gradient(a).values(0, 0) == 50);
  CHECK_THROWS_WITH_AS(ad::concat_cols(std::span<const ad::Var<double>>{}),
                       "concat_cols: expected at least one part, found none", ad::ShapeError);
}

TEST_CASE("transpose: gradients") {
  test::check_op("transpose", [](auto&, auto in) { return ad::transpose(in[0]); }, {random_tensor(3, 5, -2, 2, 1)});
}
