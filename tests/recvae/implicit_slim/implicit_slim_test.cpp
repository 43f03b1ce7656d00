#include "recvae/implicit_slim/implicit_slim.h"

#include <doctest/doctest.h>

#include <cmath>

#include "../fit_problem.h"
#include "../support.h"
#include "autodiff/parallel.h"
#include "autodiff/random.h"

using namespace recvae;
using ad::Index;
using Dense = ad::Tensor<double>;

namespace {

Dense product(const Dense& a, const Dense& b) {
  Dense c(a.rows(), b.cols());
  for (Index i = 0; i < a.rows(); ++i) {
    for (Index k = 0; k < a.cols(); ++k) {
      for (Index j = 0; j < b.cols(); ++j) c(i, j) += a(i, k) * b(k, j);
    }
  }
  return c;
}

Dense transposed(const Dense& a) {
  Dense t(a.cols(), a.rows());
  for (Index i = 0; i < a.rows(); ++i) {
    for (Index j = 0; j < a.cols(); ++j) t(j, i) = a(i, j);
  }
  return t;
}

/// a^-1 b by elimination with pivots.
Dense solved(Dense a, Dense b) {
  const Index n = a.rows();
  for (Index k = 0; k < n; ++k) {
    Index pivot = k;
    for (Index i = k; i < n; ++i) pivot = std::abs(a(i, k)) > std::abs(a(pivot, k)) ? i : pivot;
    for (Index j = 0; j < n; ++j) std::swap(a(k, j), a(pivot, j));
    for (Index j = 0; j < b.cols(); ++j) std::swap(b(k, j), b(pivot, j));
    for (Index i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = a(i, k) / a(k, k);
      for (Index j = 0; j < n; ++j) a(i, j) -= factor * a(k, j);
      for (Index j = 0; j < b.cols(); ++j) b(i, j) -= factor * b(k, j);
    }
  }
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < b.cols(); ++j) b(i, j) /= a(i, i);
  }
  return b;
}

/// W <- alpha W A^T C, letter by letter, with X^T X.
Dense reference(const data::Csr& x, const ImplicitSlimOptions& o, const Dense& w) {
  Dense users(x.rows(), x.cols), a = w;
  std::vector<double> count(static_cast<std::size_t>(x.cols));
  for (std::int64_t u = 0; u < x.rows(); ++u) {
    for (const std::int32_t i : x.row(u)) users(u, i) = 1, ++count[static_cast<std::size_t>(i)];
  }
  const Dense pairs = product(transposed(users), users);
  for (Index i = 0; i < a.cols(); ++i) {
    for (Index d = 0; d < a.rows() && count[static_cast<std::size_t>(i)] < static_cast<double>(*o.threshold); ++d)
      a(d, i) = 0;
  }
  Dense m = product(a, pairs);
  for (Index d = 0; d < m.rows(); ++d) {
    for (Index i = 0; i < m.cols(); ++i) {
      const double D = 1 / (count[static_cast<std::size_t>(i)] + o.lambda);
      m(d, i) = (o.lambda * a(d, i) + m(d, i)) * D * D;
    }
  }
  Dense b = product(m, pairs);
  for (Index k = 0; k < b.size(); ++k) b.data()[k] += o.lambda * m.data()[k];
  const Dense p = product(b, transposed(a));
  Dense sum = p;
  for (Index d = 0; d < p.rows(); ++d) sum(d, d) += 1 / o.alpha;
  const Dense correction = product(p, solved(sum, b));
  Dense c = b;
  for (Index k = 0; k < c.size(); ++k) c.data()[k] -= correction.data()[k];
  Dense result = product(product(w, transposed(a)), c);
  for (Index k = 0; k < result.size(); ++k) result.data()[k] *= o.alpha;
  return result;
}

template <class T>
ad::Tensor<T> random_weight(Index rows, Index cols) {
  ad::Tensor<T> w(rows, cols);
  ad::fill_normal(w.view(), 0.3, {.seed = 5});
  return w;
}

}  // namespace

TEST_CASE("ImplicitSLIM is its formula, computed densely in double") {
  const data::Csr x = test::random_rows(400, 90, 7);
  for (const ImplicitSlimOptions& o :
       {ImplicitSlimOptions{5, 1, 0}, ImplicitSlimOptions{0.5, 0.1, 30}, ImplicitSlimOptions{200, 20, 60}}) {
    for (const Index dimension : {1, 31, 32, 70}) {
      CAPTURE(o.lambda);
      CAPTURE(dimension);
      const Dense w = random_weight<double>(90, dimension);
      const Dense expected = transposed(reference(x, o, transposed(w)));
      Dense found = w;
      implicit_slim<double>(x, o, found);
      double largest = 0, distance = 0;
      for (Index k = 0; k < w.size(); ++k) {
        largest = std::max(largest, std::abs(expected.data()[k]));
        distance = std::max(distance, std::abs(expected.data()[k] - found.data()[k]));
      }
      CHECK(largest > 1e-6);
      CHECK(distance <= 1e-8 * largest);
    }
  }
}

TEST_CASE("in float it is the same to the rounding of float, and the same bits for any number of threads") {
  const data::Csr x = test::random_rows(3000, 1100, 3);
  const ImplicitSlimOptions options{50, 1, 10};
  Dense wide = random_weight<double>(1100, 70);
  const ad::Tensor<float> w = random_weight<float>(1100, 70);
  std::copy_n(w.data(), w.size(), wide.data());
  implicit_slim<double>(x, options, wide);
  ad::Tensor<float> first;
  const int before = ad::threads();
  for (const int threads : {1, 2, 4}) {
    ad::set_threads(threads);
    ad::Tensor<float> found = w;
    implicit_slim<float>(x, options, found);
    if (threads == 1) {
      first = found;
      double largest = 0, distance = 0;
      for (Index k = 0; k < w.size(); ++k) {
        largest = std::max(largest, std::abs(wide.data()[k]));
        distance = std::max(distance, std::abs(wide.data()[k] - double{found.data()[k]}));
      }
      CHECK(distance < 1e-4 * largest);
    }
    CHECK(std::ranges::equal(found.view().span(), first.view().span()));
  }
  ad::set_threads(before);
}

TEST_CASE("a threshold that no item reaches is refused, and the weight stays") {
  const data::Csr x = test::csr(3, {{0, 1}, {0}});
  ad::Tensor<float> w(3, 2, {1, 2, 3, 4, 5, 6});
  CHECK_THROWS_WITH_AS(implicit_slim<float>(x, {.threshold = 3}, w),
                       "implicit_slim_threshold: expected one that an item reaches, found 3, and the most that an item "
                       "has are 2 users",
                       ad::Error);
  ad::Tensor<float> huge(3, 2, {3e38f, 2, 3, 4, 5, 6});
  const ad::Tensor<float> before = huge;
  CHECK_THROWS_AS(implicit_slim<float>(x, {}, huge), ad::Error);
  CHECK(std::ranges::equal(huge.view().span(), before.view().span()));
  ad::Tensor<float> wrong(2, 2);
  CHECK_THROWS_AS(implicit_slim<float>(x, {}, wrong), ad::ShapeError);
}

TEST_CASE("without a threshold the items that have 85 % of all interactions lend") {
  // Users of the items: 6, 3, 1.
  const data::Csr x = test::csr(3, {{0, 1, 2}, {0, 1}, {0, 1}, {0}, {0}, {0}});
  const auto result = [&](std::optional<std::int64_t> threshold) {
    ad::Tensor<float> w(3, 2, {1, 2, 3, 4, 5, 6});
    implicit_slim<float>(x, {.threshold = threshold}, w);
    return std::vector<float>(w.data(), w.data() + 6);
  };
  CHECK(result({}) == result(3));
  CHECK(result({}) != result(4));
  CHECK(result({}) != result(1));
}

TEST_CASE("training applies it at the first epoch and then every so many, to the encoder's and the decoder's rows") {
  test::FitProblem p;
  p.settings.learning_rate = 0;  // nothing else moves the weights
  p.settings.implicit_slim = 3;
  p.settings.implicit_slim_lambda = 20;
  Fit fit = p.fit();
  ad::Tensor<float> encoder = fit.model().encoder.fc1.weight.value, decoder = fit.model().decoder.weight.value;
  const ImplicitSlimOptions options{20};
  fit.run([&](const FitEpoch* ended) {
    if (!ended) return true;
    if (ended->report.epoch % 3 == 1) {
      implicit_slim<float>(p.train, options, encoder);
      implicit_slim<float>(p.train, options, decoder);
    }
    CHECK(std::ranges::equal(fit.model().encoder.fc1.weight.value.view().span(), encoder.view().span()));
    CHECK(std::ranges::equal(fit.model().decoder.weight.value.view().span(), decoder.view().span()));
    return true;
  });
}
