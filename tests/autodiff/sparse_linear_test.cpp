#include "../support/check_op.h"
#include "../support/sparse.h"

using test::random_tensor;

namespace {
// Rows of odd sizes: an empty one, one with a single entry, repeated columns across rows, column 3 never used.
ad::Tensor<double> example() {
  return ad::Tensor<double>(4, 6,
                            {0.5, 0, 1.5, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0.7, 0, 0, 0, 0, 1.1, 0.4, 0.3, 0, 0.9, 0});
}
}  // namespace

TEST_CASE("sparse_linear: gradients with values and without, errors") {
  const ad::Tensor<double> dense = example();
  for (bool binary : {false, true}) {
    const auto op = [&]<class T>(ad::Tape<T>&, std::span<const ad::Var<T>> in) {
      const test::Sparse<T> x(dense);  // dies before backward
      return ad::sparse_linear(binary ? x.binary_view() : x.view(), in[0], in[1]);
    };
    const auto w = random_tensor(6, 5, -1, 1, 1), b = random_tensor(1, 5, -1, 1, 2);
    test::check_op("sparse_linear", op, {w, b}, {{random_tensor(5, 5, 0, 1, 1), b}, {w, random_tensor(1, 6, 0, 1, 1)}},
                   test::Tasks::few);
    // The inputs as results of another op, which errors then name: the gradient of the weight is dense.
    test::check_op(
        "scale",
        [&](auto& t, auto in) {
          std::vector<std::remove_const_t<typename decltype(in)::element_type>> scaled = {ad::scale(in[0], 2.0),
                                                                                          ad::scale(in[1], 2.0)};
          return op(t, {scaled.data(), scaled.size()});
        },
        {w, b}, {}, test::Tasks::few);
  }
}

TEST_CASE("sparse_linear: equals the dense product; the weight's gradient holds the touched rows alone") {
  const ad::Tensor<double> dense = example(), w = random_tensor(6, 5, -1, 1, 1), b = random_tensor(1, 5, -1, 1, 2);
  const test::Sparse<double> x(dense);
  ad::Tape<double> tape;
  const auto weight = tape.variable(w), bias = tape.variable(b), weight2 = tape.variable(w), bias2 = tape.variable(b);
  const auto y = ad::sparse_linear(x.view(), weight, bias), y2 = ad::matmul(tape.constant(dense), weight2) + bias2;
  CHECK(test::distance(ad::Tensor<double>(y.value()), ad::Tensor<double>(y2.value())) < 1e-15);
  tape.backward(ad::sum(ad::square(y)) + ad::sum(ad::square(y2)));
  const auto g = tape.gradient(weight);
  CHECK(g.row_sparse);
  CHECK(std::vector<std::int32_t>(g.rows.begin(), g.rows.end()) == std::vector<std::int32_t>{0, 1, 2, 4, 5});
  CHECK(test::distance(test::dense(g, 6, 5), test::dense(tape.gradient(weight2), 6, 5)) < 1e-14);
}

TEST_CASE("a row-sparse gradient becomes dense when a dense one is added, in either order") {
  const ad::Tensor<double> dense = example(), w = random_tensor(6, 5, -1, 1, 1), b = random_tensor(1, 5, -1, 1, 2);
  const test::Sparse<double> x(dense);
  for (bool sparse_first : {false, true}) {
    const auto op = [&](ad::Tape<double>&, std::span<const ad::Var<double>> in) {
      const auto product = [&] { return ad::sum(ad::sparse_linear(x.view(), in[0], in[1])); };
      const auto squares = [&] { return ad::sum(ad::square(in[0])); };
      return sparse_first ? squares() + product() : product() + squares();  // backward runs in reverse
    };
    CHECK(ad::gradcheck(op, {w, b}).ok);
  }
}

TEST_CASE("sparse_linear: many rows and columns, the same bits for any number of threads") {
  ad::Tensor<double> dense = random_tensor(90, 400, -8, 1, 3);
  for (ad::Index i = 0; i < dense.size(); ++i) dense.data()[i] = std::max(0.0, dense.data()[i]);
  const auto op = [&]<class T>(ad::Tape<T>&, std::span<const ad::Var<T>> in) {
    return ad::sparse_linear(test::Sparse<T>(dense).view(), in[0], in[1]);
  };
  const test::Inputs inputs = {random_tensor(400, 30, -1, 1, 1), random_tensor(1, 30, -1, 1, 2)};
  const std::vector<test::Leaf> leaves(2, test::Leaf::parameter);
  ad::set_threads(1);
  const auto one = test::evaluate<float>(op, inputs, leaves);
  ad::set_threads(4);
  const auto four = test::evaluate<float>(op, inputs, leaves);
  ad::set_threads(0);
  CHECK(test::distance(one.value, four.value) == 0);
  CHECK(test::distance(one.gradients[0], four.gradients[0]) == 0);
  CHECK(test::distance(one.gradients[0], test::evaluate<double>(op, inputs, leaves).gradients[0]) < 1e-6);
}

TEST_CASE("check() of a sparse matrix names what is wrong") {
  test::Sparse<float> x(example());
  ad::check(x.view());
  x.indices[0] = 6;
  CHECK_THROWS_AS(ad::check(x.view()), ad::ShapeError);
  x.indices[0] = 2;  // twice in one row
  CHECK_THROWS_AS(ad::check(x.view()), ad::ShapeError);

  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(), far = std::int64_t{1} << 40;
  const std::int32_t columns[] = {0, 1};
  for (const auto& offsets :
       {std::array<std::int64_t, 4>{0, far, 2, 2}, {0, most, -most, 2}, {0, -1, 2, 2}, {0, 2, 2, far}}) {
    CHECK_THROWS_AS(ad::check(ad::CsrView<float>{3, 5, offsets.data(), columns}),
                    ad::ShapeError);  // nothing is followed
  }
  const std::int64_t offsets[] = {0, 2};
  CHECK_THROWS_AS(ad::check(ad::CsrView<float>{1, 5, offsets, nullptr}), ad::ShapeError);
}

TEST_CASE("columns outside of the matrix are refused by every op that reads rows") {
  for (const auto& [at, wrong] : {std::pair{1, 6}, {1, 1000000000}, {1, -1}, {0, -1}, {1, 0}}) {  // 0: not ascending
    test::Sparse<float> x(example());
    x.indices[static_cast<std::size_t>(at)] = wrong;
    ad::Tape<float> tape;
    const auto w = tape.variable(ad::Tensor<float>(6, 2)), b = tape.variable(ad::Tensor<float>(1, 2));
    const auto items = tape.variable(ad::Tensor<float>(1, 6)), z = tape.variable(ad::Tensor<float>(4, 2));
    const auto message = [](auto call) -> std::string {
      try {
        call();
      } catch (const ad::ShapeError& e) {
        return e.what();
      }
      return "nothing was thrown";
    };
    CHECK(message([&] {
            ad::sparse_linear(x.view(), w, b);
          }).starts_with("sparse_linear: sparse [4, 6], row 0: columns"));
    CHECK(message([&] { ad::dropout(tape, x.view(), 0.5, {}); }).starts_with("dropout: sparse [4, 6], row 0: columns"));
    CHECK(message([&] {
            ad::multinomial_log_likelihood(z, w, items, x.view());
          }).starts_with("multinomial_log_likelihood: sparse [4, 6], row 0: columns"));
  }
  ad::Tape<float> tape;  // no rows at all
  const auto w = tape.variable(ad::Tensor<float>(6, 2)), b = tape.variable(ad::Tensor<float>(1, 2));
  tape.backward(ad::sum(ad::sparse_linear(ad::CsrView<float>{0, 6}, w, b)));
  CHECK(tape.gradient(b).values(0, 1) == 0);
}
