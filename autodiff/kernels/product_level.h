// The loop of the product.
#pragma once

#include "product.h"
#include "vectors_level.h"

namespace ad::kernels {
namespace {

// Of C, kRows x kVectors vectors stay in registers for all k: as many as fit beside one row of B.
#if defined(__AVX512F__)
constexpr Index kRows = 8, kVectors = 3;
#elif defined(__AVX__)
constexpr Index kRows = 6, kVectors = 2;
#elif defined(__aarch64__)
constexpr Index kRows = 6, kVectors = 3;
#else
constexpr Index kRows = 4, kVectors = 2;
#endif

/// kBytes of numbers that are computed with together; one number where that is all.
template <class T, Index kBytes>
struct Numbers {
  typedef T type __attribute__((vector_size(kBytes)));
};
template <>
struct Numbers<float, sizeof(float)> {
  using type = float;
};
template <>
struct Numbers<double, sizeof(double)> {
  using type = double;
};

/// A block of kBlockRows rows by kCount vectors of kBytes.
template <Index kBlockRows, Index kCount, Index kBytes, class T>
AD_INLINE void block(const Product<T>& p, Index i, Index j) {
  using Vector = typename Numbers<T, kBytes>::type;
  constexpr Index kWidth = kBytes / static_cast<Index>(sizeof(T));
  const T* a = p.a + i * p.a_row;
  const T* b = p.b + j / kPanel * p.b_panel + j % kPanel;
  T* c = p.c + i * p.c_row + j;
  const Index a_row = p.a_row, a_col = p.a_col, b_row = p.b_row, depth = p.k;
  Vector sum[kBlockRows][kCount] = {};
  for (Index k = 0; k < depth; ++k) {
    Vector right[kCount];
    for (Index v = 0; v < kCount; ++v) __builtin_memcpy(&right[v], b + k * b_row + v * kWidth, sizeof(Vector));
    for (Index r = 0; r < kBlockRows; ++r) {
      const T left = a[r * a_row + k * a_col];
      for (Index v = 0; v < kCount; ++v) sum[r][v] += left * right[v];
    }
  }
  for (Index r = 0; r < kBlockRows; ++r) {
    for (Index v = 0; v < kCount; ++v) {
      T* to = c + r * p.c_row + v * kWidth;
      if (p.accumulate) {
        Vector before;
        __builtin_memcpy(&before, to, sizeof before);
        sum[r][v] += before;
      }
      __builtin_memcpy(to, &sum[r][v], sizeof(Vector));
    }
  }
}

/// All rows of C, for the columns from j on that a block has.
template <Index kCount, Index kBytes, class T>
AD_INLINE void columns(const Product<T>& p, Index j) {
  constexpr Index kFewRows = 4;
  Index i = 0;
  for (; i + kRows <= p.m; i += kRows) block<kRows, kCount, kBytes>(p, i, j);
  for (; i + kFewRows <= p.m; i += kFewRows) block<kFewRows, kCount, kBytes>(p, i, j);
  for (; i < p.m; ++i) block<1, kCount, kBytes>(p, i, j);
}

/// The columns from j on, less than kVectors vectors: by narrower and narrower vectors.
template <Index kBytes, class T>
AD_INLINE void last_columns(const Product<T>& p, Index j) {
  constexpr Index kWidth = kBytes / static_cast<Index>(sizeof(T));
  for (; j + kWidth <= p.n; j += kWidth) columns<1, kBytes>(p, j);
  if constexpr (kWidth > 1) {
    if (j < p.n) last_columns<kBytes / 2>(p, j);
  }
}

template <class T>
void multiply_all(const Product<T>& product) {
  const Product<T> p = product;
  constexpr Index kColumns = kVectors * kVectorBytes / static_cast<Index>(sizeof(T));
  static_assert(kPanel % kColumns == 0);
  Index j = 0;
  for (; j + kColumns <= p.n; j += kColumns) columns<kVectors, kVectorBytes>(p, j);
  if (j < p.n) last_columns<kVectorBytes>(p, j);
}

template <class T>
constexpr ProductLoops<T> product() {
  return {
      .multiply = entry<T, multiply_all<T>>,
  };
}

}  // namespace
}  // namespace ad::kernels
