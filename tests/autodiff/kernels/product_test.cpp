#include "autodiff/kernels/product.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "autodiff/random.h"

using ad::Index;

TEST_CASE_TEMPLATE("products of all shapes against plain sums, at every level", T, float, double) {
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    CAPTURE(ad::kernels::name(level));
    for (const Index m : {1, 3, 4, 12, 17, 29}) {
      for (const Index n : {1, 7, 8, 20, 32, 63, 100}) {
        for (const Index k : {0, 1, 13}) {
          for (const bool accumulate : {false, true}) {
            ad::Tensor<T> a(m, k), a_columns(k, m), b(k, n), b_columns(n, k), start(m, n + 1);
            ad::fill_uniform(a.view(), -1, 1, {.seed = 1});
            ad::fill_uniform(b.view(), -1, 1, {.seed = 2});
            ad::fill_uniform(start.view(), -1, 1, {.seed = 3});
            for (Index p = 0; p < k; ++p) {
              for (Index i = 0; i < m; ++i) a_columns(p, i) = a(i, p);
              for (Index j = 0; j < n; ++j) b_columns(j, p) = b(p, j);
            }
            std::vector<T> packed(static_cast<std::size_t>(ad::kernels::packed_size(k, n)));
            ad::kernels::pack<T>(b_columns, packed.data());
            // A by rows or by columns, B as it lies or packed.
            ad::Tensor<T> c = start, d = start;
            ad::kernels::multiply<T>(
                {m, n, k, a.data(), k, 1, b.data(), n, ad::kernels::kPanel, c.data(), n + 1, accumulate}, level);
            ad::kernels::multiply<T>({m, n, k, a_columns.data(), 1, m, packed.data(), ad::kernels::kPanel,
                                      k * ad::kernels::kPanel, d.data(), n + 1, accumulate},
                                     level);
            for (Index i = 0; i < m; ++i) {
              for (Index j = 0; j < n; ++j) {
                double sum = accumulate ? static_cast<double>(start(i, j)) : 0;
                for (Index p = 0; p < k; ++p) sum += static_cast<double>(a(i, p)) * static_cast<double>(b(p, j));
                REQUIRE(std::abs(static_cast<double>(c(i, j)) - sum) < (sizeof(T) == 4 ? 1e-5 : 1e-13));
                REQUIRE(c(i, j) == d(i, j));
              }
              REQUIRE(c(i, n) == start(i, n));  // nothing is written beside C
            }
          }
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("a row of a product has the same bits alone and in company, at every level", T, float, double) {
  constexpr Index kRows = 64, kDepth = 77, kColumns = 91;
  ad::Tensor<T> a(kRows, kDepth), b(kDepth, kColumns), all(kRows, kColumns);
  ad::fill_uniform(a.view(), -1, 1, {.seed = 1});
  ad::fill_uniform(b.view(), -1, 1, {.seed = 2});
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    CAPTURE(ad::kernels::name(level));
    const auto run = [&](Index row, Index rows, T* c) {
      ad::kernels::multiply<T>({rows, kColumns, kDepth, a.view().row(row), kDepth, 1, b.data(), kColumns,
                                ad::kernels::kPanel, c, kColumns, false},
                               level);
    };
    run(0, kRows, all.data());
    for (const Index rows : {1, 2, 3, 4, 5, 6, 7, 13}) {
      ad::Tensor<T> some(rows, kColumns);
      run(kRows - rows, rows, some.data());
      CHECK(std::equal(some.data(), some.data() + some.size(), all.view().row(kRows - rows)));
    }
  }
}
