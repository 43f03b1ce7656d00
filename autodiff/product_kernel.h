// A matrix product on the calling thread for operands that BLAS would copy first: here both are read where they lie.
#pragma once

#include <algorithm>

#include "kernels.h"

namespace ad::kernels {

/// Columns of B that a packed panel holds.
inline constexpr Index kPanel = 48;

/// C[m, n] = (or +=) A[m, k] B[k, n]. A is read number by number, so it may lie in any order; B by pieces of rows: as
/// it lies, or packed into panels of kPanel columns. An element of C is one sum in the order of k.
template <class T>
struct Product {
  Index m, n, k;
  const T* a;
  Index a_row, a_col;  ///< A(i, p) = a[i * a_row + p * a_col]
  const T* b;
  Index b_row, b_panel;  ///< B(p, j) = b[j / kPanel * b_panel + p * b_row + j % kPanel]; row-major: b_panel = kPanel
  T* c;
  Index c_row;
  bool accumulate;
};

/// The product, for this processor or at one of its levels().
template <class T>
void multiply(const Product<T>& product, Level level = kernels::level());

/// Numbers in the panels of a B [k, n].
inline Index packed_size(Index k, Index n) { return (n + kPanel - 1) / kPanel * kPanel * k; }

/// Packs panel j / kPanel of the B whose transpose is `rows` [n, k], row-major; the last panel is filled up with zeros.
template <class T>
void pack_panel(ConstMatrix<T> rows, Index panel, T* packed) {
  T* out = packed + panel * kPanel * rows.cols;
  // A few rows at a time: they are read a cache line each, and half a line is written.
  constexpr Index kSome = 8;
  for (Index j = 0; j < kPanel; j += kSome) {
    const Index first = panel * kPanel + j, some = std::clamp<Index>(rows.rows - first, 0, kSome);
    for (Index p = 0; p < rows.cols; ++p) {
      for (Index l = 0; l < some; ++l) out[p * kPanel + j + l] = rows(first + l, p);
      for (Index l = some; l < kSome; ++l) out[p * kPanel + j + l] = T(0);
    }
  }
}

}  // namespace ad::kernels
