#include "recvae/baselines/spd_inverse.h"
#include "autodiff/kernels/gemm.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "autodiff/kernels/blas.h"
#include "autodiff/parallel.h"
#include "autodiff/random.h"
#include "data/error.h"

namespace {

/// x^T x + lambda I of a random x, with nonsense above the diagonal.
template <class T>
ad::Tensor<T> lower_of_random_spd(ad::Index n, double lambda, ad::Tensor<T>& whole) {
  ad::Tensor<T> x(n / 2 + 3, n);
  ad::fill_normal<T>(x, 1, {.seed = 5});
  whole = ad::Tensor<T>(n, n);
  ad::gemm(n, n, x.rows(), T(1), ad::blas::Operand<T>{x.data(), n, true}, ad::blas::Operand<T>{x.data(), n}, T(0),
           whole.data(), n);
  for (ad::Index i = 0; i < n; ++i) whole(i, i) += static_cast<T>(lambda);
  ad::Tensor<T> a = whole;
  for (ad::Index i = 0; i < n; ++i) {
    for (ad::Index j = i + 1; j < n; ++j) a(i, j) = T(1e9);
  }
  return a;
}

template <class T>
double largest_error(ad::Index n) {
  ad::Tensor<T> whole;
  ad::Tensor<T> inverse = lower_of_random_spd<T>(n, 10, whole);
  recvae::spd_inverse<T>(inverse);
  ad::Tensor<T> product(n, n);
  ad::gemm(n, n, n, T(1), ad::blas::Operand<T>{inverse.data(), n}, ad::blas::Operand<T>{whole.data(), n}, T(0),
           product.data(), n);
  double largest = 0;
  for (ad::Index i = 0; i < n; ++i) {
    for (ad::Index j = 0; j < n; ++j)
      largest = std::max(largest, std::abs(static_cast<double>(product(i, j)) - (i == j)));
  }
  return largest;
}

}  // namespace

TEST_CASE("spd_inverse: the inverse times the matrix is one, for sizes of one block, of several and of odd ends") {
  for (ad::Index n : {1, 2, 7, 512, 513, 1100}) {
    INFO(n);
    CHECK(largest_error<double>(n) < 1e-11);
    CHECK(largest_error<float>(n) < 2e-3);
  }
}

TEST_CASE("spd_inverse: symmetric, and the same bits for any number of threads") {
  ad::Tensor<float> whole;
  const ad::Tensor<float> a = lower_of_random_spd<float>(700, 10, whole);
  ad::set_threads(1);
  ad::Tensor<float> one = a;
  recvae::spd_inverse<float>(one);
  ad::set_threads(4);
  ad::Tensor<float> four = a;
  recvae::spd_inverse<float>(four);
  ad::set_threads(0);
  CHECK(std::memcmp(one.data(), four.data(), static_cast<std::size_t>(one.size()) * sizeof(float)) == 0);
  for (ad::Index i = 0; i < one.rows(); ++i) {
    for (ad::Index j = 0; j < i; ++j) REQUIRE(one(i, j) == one(j, i));
  }
}

TEST_CASE("spd_inverse: stops when it is told to, and else does what it does") {
  ad::Tensor<float> whole;
  const ad::Tensor<float> a = lower_of_random_spd<float>(700, 10, whole);
  ad::Tensor<float> stopped = a, asked = a, plain = a;
  CHECK_THROWS_AS(recvae::spd_inverse<float>(stopped, [] { return true; }), recvae::data::Stopped);
  recvae::spd_inverse<float>(asked, [] { return false; });
  recvae::spd_inverse<float>(plain);
  CHECK(std::memcmp(asked.data(), plain.data(), static_cast<std::size_t>(plain.size()) * sizeof(float)) == 0);
}

TEST_CASE("spd_inverse: refuses what is not square or not positive definite") {
  ad::Tensor<double> wide(2, 3);
  CHECK_THROWS_AS(recvae::spd_inverse<double>(wide), ad::ShapeError);
  ad::Tensor<double> indefinite(2, 2, {1, 0, 2, 1});
  CHECK_THROWS_AS(recvae::spd_inverse<double>(indefinite), ad::Error);
}
