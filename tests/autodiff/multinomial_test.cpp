#include "../support/check_op.h"
#include "../support/sparse.h"

using test::random_tensor;

namespace {
// Counts in about a tenth of the places; row 1 is empty.
ad::Tensor<double> targets(ad::Index rows, ad::Index items) {
  ad::Tensor<double> x = random_tensor(rows, items, -9, 1, 11);
  for (ad::Index i = 0; i < x.size(); ++i) x.data()[i] = x.data()[i] > 0 ? std::ceil(3 * x.data()[i]) : 0;
  for (ad::Index j = 0; j < items; ++j) x(1, j) = 0;
  x(0, items - 1) = 1;
  return x;
}

auto fused(const ad::Tensor<double>& x, ad::Index kept_bytes = ad::kKeptExponentials) {
  return [&x, kept_bytes]<class T>(ad::Tape<T>&, std::span<const ad::Var<T>> in) {
    const test::Sparse<T> counts(x);  // dies before backward
    return ad::multinomial_log_likelihood(in[0], in[1], in[2], counts.view(), kept_bytes);
  };
}

auto unfused(const ad::Tensor<double>& x) {
  return [&x]<class T>(ad::Tape<T>& tape, std::span<const ad::Var<T>> in) {
    return ad::row_sums(ad::log_softmax(ad::linear(in[0], in[1], in[2])) * tape.constant(test::convert<T>(x)));
  };
}
}  // namespace

TEST_CASE("multinomial_log_likelihood: gradients in one tile and in several, errors") {
  for (ad::Index items : {ad::Index{5}, ad::Index{256}, ad::Index{300}}) {
    const ad::Tensor<double> x = targets(3, items);
    const auto z = random_tensor(3, 4, -1, 1, 1), w = random_tensor(items, 4, -1, 1, 2),
               b = random_tensor(1, items, -1, 1, 3);
    test::check_op("multinomial_log_likelihood", fused(x), {z, w, b},
                   {{random_tensor(3, 5, 0, 1, 1), w, b},
                    {random_tensor(2, 4, 0, 1, 1), w, b},
                    {z, w, random_tensor(1, items + 1, 0, 1, 1)},
                    {z, random_tensor(items + 1, 4, 0, 1, 1), random_tensor(1, items + 1, 0, 1, 1)}},
                   test::Tasks::few);
  }
}

TEST_CASE("multinomial_log_likelihood: equals the unfused ops, also with frozen halves") {
  // Tiles of 256 items: a shard each, or several in each of 24 shards, of equal or of different length.
  for (const ad::Index items : {5000, 7000, 13000}) {
    const ad::Tensor<double> x = targets(7, items);
    test::Inputs inputs = {random_tensor(7, 6, -1, 1, 1), random_tensor(items, 6, -1, 1, 2),
                           random_tensor(1, items, -1, 1, 3)};
    for (ad::Index j = 0; j < items; ++j)
      inputs[2](0, j) += 0.001 * static_cast<double>(j);  // the largest logit keeps growing
    using test::Leaf;
    for (const std::vector<Leaf>& leaves : {std::vector<Leaf>(3, Leaf::variable),
                                            {Leaf::variable, Leaf::constant, Leaf::constant},
                                            {Leaf::constant, Leaf::parameter, Leaf::parameter},
                                            {Leaf::constant, Leaf::constant, Leaf::variable}}) {
      const auto a = test::evaluate<double>(fused(x), inputs, leaves),
                 b = test::evaluate<double>(unfused(x), inputs, leaves);
      // No exponentials kept for the backward, or those of three tiles.
      for (const ad::Index kept_bytes : {0, 3 * 16 * 256 * 8}) {  // a tile has room for 16 users
        const auto c = test::evaluate<double>(fused(x, kept_bytes), inputs, leaves);
        for (std::size_t k = 0; k < 3; ++k) CHECK(test::distance(c.gradients[k], a.gradients[k]) < 1e-13);
      }
      const auto single = test::evaluate<float>(fused(x), inputs, leaves);
      CHECK(test::distance(a.value, b.value) < 1e-14);
      CHECK(test::distance(single.value, b.value) < 1e-6);
      CHECK(a.present == b.present);
      for (std::size_t k = 0; k < 3; ++k) {
        CHECK(test::distance(a.gradients[k], b.gradients[k]) < 1e-13);
        CHECK(test::distance(single.gradients[k], b.gradients[k]) < 2e-6);
      }
    }
  }
}

TEST_CASE("multinomial_log_likelihood: the same bits for any number of threads") {
  for (const ad::Index items : {5000, 13000})
    for (const ad::Index kept_bytes : {ad::kKeptExponentials, ad::Index{0}, ad::Index{3 * 64 * 256 * 4}}) {
      const ad::Tensor<double> x = targets(50, items);
      const test::Inputs inputs = {random_tensor(50, 20, -1, 1, 1), random_tensor(items, 20, -1, 1, 2),
                                   random_tensor(1, items, -1, 1, 3)};
      const std::vector<test::Leaf> leaves(3, test::Leaf::variable);
      ad::set_threads(1);
      const auto one = test::evaluate<float>(fused(x, kept_bytes), inputs, leaves);
      for (int threads : {2, 5}) {
        ad::set_threads(threads);
        const auto many = test::evaluate<float>(fused(x, kept_bytes), inputs, leaves);
        CHECK(test::distance(one.value, many.value) == 0);
        for (std::size_t k = 0; k < 3; ++k) CHECK(test::distance(one.gradients[k], many.gradients[k]) == 0);
      }
      ad::set_threads(0);
    }
}

TEST_CASE_TEMPLATE("multinomial_log_likelihood: extreme logits against closed forms", T, float, double) {
  // Logits are the bias: a million in item 2 of tile 0 and in item 300 of tile 1, -1e6 in item 5, 0 elsewhere.
  const ad::Index items = 600;
  ad::Tensor<double> x(2, items);
  x(0, 2) = 1;
  x(0, 300) = 1;
  x(1, 5) = 1;
  ad::Tensor<T> b(1, items), z(2, 1), w(items, 1);
  b(0, 2) = b(0, 300) = T(1e6);
  b(0, 5) = T(-1e6);
  ad::Tape<T> tape;
  const auto bias = tape.variable(b);
  const test::Sparse<T> counts(x);
  const auto ll = ad::multinomial_log_likelihood(tape.constant(z), tape.constant(w), bias, counts.view());
  CHECK(ll.value()(0, 0) == doctest::Approx(-2 * std::log(2.0)).epsilon(sizeof(T) == 4 ? 1e-6 : 1e-14));
  CHECK(ll.value()(1, 0) == doctest::Approx(-2e6).epsilon(1e-6));
  tape.backward(ad::sum(ll));
  const auto g = tape.gradient(bias).values;
  CHECK(g(0, 5) == 1);
  CHECK(g(0, 7) == 0);
  CHECK(g(0, 2) == doctest::Approx(1 - 1.5).epsilon(sizeof(T) == 4 ? 1e-6 : 1e-14));
}

TEST_CASE_TEMPLATE("multinomial_log_likelihood: logits of -inf are probabilities of 0, as in log_softmax", T, float,
                   double) {
  const T inf = std::numeric_limits<T>::infinity();
  const ad::Index items = 600, latent = 3;  // three tiles
  // -inf in single places; in a whole tile, the first or a later one; everywhere.
  for (const auto& range : std::vector<std::array<ad::Index, 3>>{
           {3, 600, 7}, {0, 256, 1}, {256, 512, 1}, {512, 600, 1}, {0, 599, 1}, {0, 600, 1}}) {
    const ad::Index begin = range[0], end = range[1], step = range[2];  // clang captures no structured binding
    for (const ad::Index target : {ad::Index{3}, ad::Index{599}}) {
      for (const ad::Index kept_bytes : {ad::kKeptExponentials, ad::Index{0}}) {
        CAPTURE(begin);
        CAPTURE(target);
        auto bias = test::convert<T>(random_tensor(1, items, -1, 1, 3));
        for (ad::Index j = begin; j < end; j += step) bias(0, j) = -inf;
        ad::Tensor<double> x(2, items);
        x(0, target) = 2;  // and row 1 is empty
        const test::Sparse<T> counts(x);
        ad::Tape<T> tape;
        ad::Var<T> leaves[2][3], ll[2];
        for (auto& in : leaves) {
          in[0] = tape.variable(test::convert<T>(random_tensor(2, latent, -1, 1, 1)));
          in[1] = tape.variable(test::convert<T>(random_tensor(items, latent, -1, 1, 2)));
          in[2] = tape.variable(bias);
        }
        ll[0] = ad::multinomial_log_likelihood(leaves[0][0], leaves[0][1], leaves[0][2], counts.view(), kept_bytes);
        const auto logs = ad::log_softmax(ad::linear(leaves[1][0], leaves[1][1], leaves[1][2]));
        CHECK(ll[0].value()(1, 0) == 0);
        const T expected = 2 * logs.value()(0, target);
        if (std::isinf(bias(0, target))) CHECK(expected == -inf);
        if (std::isinf(expected))
          CHECK(ll[0].value()(0, 0) == expected);
        else
          CHECK(ll[0].value()(0, 0) == doctest::Approx(expected).epsilon(1e-5));
        // The gradient of the unfused by its backward: 2 at the target, 0 elsewhere.
        ad::Matrix<T> picked = tape.alloc(1, 1);
        *picked.data = 0;
        const auto select = tape.record("select", picked, {logs}, [=](ad::Tape<T>& t, ad::ConstMatrix<T> g) {
          const auto d = t.grad_slot(logs);
          for (ad::Index i = 0; i < d.grad.size(); ++i) d.put(i, i == target ? 2 * *g.data : T(0));
        });
        tape.backward(ad::sum(ll[0]) + select);
        for (std::size_t k = 0; k < 3; ++k) {
          const auto fused = tape.gradient(leaves[0][k]).values, plain = tape.gradient(leaves[1][k]).values;
          for (ad::Index i = 0; i < fused.size(); ++i)
            REQUIRE(std::abs(fused.data[i] - plain.data[i]) < (sizeof(T) == 4 ? 1e-5 : 1e-13));
        }
      }
    }
  }
}

TEST_CASE("multinomial_log_likelihood: NaN in a logit, a weight or z is NaN in the likelihood and the gradients") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const std::size_t input : {0, 1, 2}) {
    test::Inputs inputs = {random_tensor(2, 3, -1, 1, 1), random_tensor(600, 3, -1, 1, 2),
                           random_tensor(1, 600, -1, 1, 3)};
    inputs[input](0, input == 2 ? 300 : 1) = nan;
    const auto e =
        test::evaluate<double>(fused(targets(2, 600)), inputs, std::vector<test::Leaf>(3, test::Leaf::variable));
    CHECK(std::isnan(e.value(0, 0)));
    CHECK(std::isnan(e.gradients[0](0, 0)));
  }
}
