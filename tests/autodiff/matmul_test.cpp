#include <thread>

#include "../support/check_op.h"

using test::check_op;
using test::random_tensor;

TEST_CASE("matmul: gradients for every transposition, errors") {
  for (bool ta : {false, true}) {
    for (bool tb : {false, true}) {
      const auto op = [=](auto&, auto in) { return ad::matmul(in[0], in[1], ta, tb); };
      const auto x = ta ? random_tensor(4, 3, 0.5, 1.5, 1) : random_tensor(3, 4, 0.5, 1.5, 1);
      const auto y = tb ? random_tensor(5, 4, 0.5, 1.5, 2) : random_tensor(4, 5, 0.5, 1.5, 2);
      check_op("matmul", op, {x, y}, {{x, random_tensor(7, 6, 0, 1, 3)}, {random_tensor(7, 6, 0, 1, 3), y}});
    }
  }
}

TEST_CASE("linear: gradients, errors") {
  const auto op = [](auto&, auto in) { return ad::linear(in[0], in[1], in[2]); };
  const auto x = random_tensor(3, 4, 0.5, 1.5, 1), w = random_tensor(5, 4, 0.5, 1.5, 2),
             b = random_tensor(1, 5, 0.5, 1.5, 3);
  check_op("linear", op, {x, w, b},
           {{x, random_tensor(5, 3, 0, 1, 4), b},
            {x, w, random_tensor(1, 4, 0, 1, 4)},
            {x, w, random_tensor(5, 1, 0, 1, 4)}});
}

TEST_CASE_TEMPLATE("gemm in blocks: right for every shape and transposition, and independent of threads", T, float,
                   double) {
  for (auto [m, n, k] : {std::array<ad::Index, 3>{301, 77, 65},
                         {77, 301, 65},
                         {500, 600, 13},
                         {250, 230, 300},
                         {1, 1, 1},
                         {0, 3, 4},
                         {3, 4, 0}}) {
    // Only with a factor of 1 a product large enough is left to the kernel.
    for (const double alpha : {2.0, 1.0})
      for (bool ta : {false, true}) {
        for (bool tb : {false, true}) {
          ad::Tensor<T> a(ta ? k : m, ta ? m : k), b(tb ? n : k, tb ? k : n), start(m, n);
          ad::fill_uniform(a.view(), -1, 1, {.seed = 1});
          ad::fill_uniform(b.view(), -1, 1, {.seed = 2});
          ad::fill_uniform(start.view(), -1, 1, {.seed = 3});
          ad::Tensor<double> expected(m, n);
          for (ad::Index i = 0; i < m; ++i) {
            for (ad::Index j = 0; j < n; ++j) {
              double sum = 0;
              for (ad::Index l = 0; l < k; ++l)
                sum += static_cast<double>(ta ? a(l, i) : a(i, l)) * (tb ? b(j, l) : b(l, j));
              expected(i, j) = alpha * sum + start(i, j);
            }
          }
          ad::Tensor<T> results[2] = {start, start};
          for (int threads : {1, 4}) {
            ad::set_threads(threads);
            ad::gemm(m, n, k, static_cast<T>(alpha), ad::blas::Operand<T>{a.data(), a.cols(), ta},
                     ad::blas::Operand<T>{b.data(), b.cols(), tb}, T(1), results[threads == 4].data(), n);
          }
          ad::set_threads(0);
          CHECK(test::distance(results[0], results[1]) == 0);
          CHECK(test::distance(results[0], expected) < (sizeof(T) == 4 ? 1e-6 : 1e-14));
        }
      }
  }
}

extern "C" {  // OpenBLAS's own; its header is for blas.cpp alone
int openblas_get_num_threads();
void openblas_set_num_threads(int);
}

TEST_CASE("the host's number of BLAS threads comes back with the last session, of any thread") {
  const int before = openblas_get_num_threads();
  openblas_set_num_threads(2);
  const int host = openblas_get_num_threads();
  {
    const ad::blas::Session outer;
    CHECK(openblas_get_num_threads() == 1);
    std::thread([] { const ad::blas::Session inner; }).join();
    CHECK(openblas_get_num_threads() == 1);
  }
  CHECK(openblas_get_num_threads() == host);
  const std::vector<float> ones(100, 1);
  std::vector<float> c(100);
  ad::gemm<float>(10, 10, 10, 1, {ones.data(), 10}, {ones.data(), 10}, 0, c.data(), 10);
  CHECK(openblas_get_num_threads() == host);
  openblas_set_num_threads(before);
}

TEST_CASE_TEMPLATE("gemm: beta 0 reads nothing of C, also where it is NaN, by BLAS and by the kernel", T, float,
                   double) {
  // No depth, a slice, several slices, BLAS's blocks, and from 2^24 multiplications on the kernel.
  for (const auto& [m, n, k] : std::vector<std::array<ad::Index, 3>>{
           {3, 5, 0}, {3, 5, 4}, {20, 30, 100}, {200, 100, 300}, {256, 256, 256}, {100, 300, 600}}) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        const std::vector<T> ones(static_cast<std::size_t>(std::max({m * k, k * n, ad::Index{1}})), T(1));
        std::vector<T> c(static_cast<std::size_t>(m * n), std::numeric_limits<T>::quiet_NaN());
        ad::gemm<T>(m, n, k, 1, {ones.data(), ta ? m : std::max<ad::Index>(k, 1), ta},
                    {ones.data(), tb ? std::max<ad::Index>(k, 1) : n, tb}, 0, c.data(), n);
        for (const T each : c) REQUIRE(each == static_cast<T>(k));
      }
    }
  }
}
