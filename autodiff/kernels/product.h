// A matrix product on the calling thread whose operands BLAS would copy first: here they are read where they lie.
#pragma once

#include <algorithm>

#include "loops.h"
#include "../parallel.h"

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
void multiply(const Product<T>& product, Level level = kernels::level()) {
  loops<T>(level).multiply(product);
}

/// Numbers in the panels of a B [k, n].
inline Index packed_size(Index k, Index n) { return (n + kPanel - 1) / kPanel * kPanel * k; }

/// Packs the panel of columns [j, j + kPanel) of the B [k, n] whose columns are the rows of `from`, `stride` apart: out
/// becomes [k, kPanel], with zeros for columns from n on.
template <class T>
void pack_panel(const T* from, Index stride, Index n, Index k, Index j, T* out) {
  // A few columns at a time: they are read a cache line each, and half a line is written.
  constexpr Index kSome = 8;
  for (Index begin = 0; begin < kPanel; begin += kSome) {
    const Index some = std::clamp<Index>(n - j - begin, 0, kSome);
    if (some == 0) {
      for (Index p = 0; p < k; ++p) std::fill_n(out + p * kPanel + begin, kSome, T(0));
      continue;
    }
    const T* columns = from + (j + begin) * stride;
    T* to = out + begin;
    if (some == kSome) {
      for (Index p = 0; p < k; ++p) {
        for (Index l = 0; l < kSome; ++l) to[p * kPanel + l] = columns[l * stride + p];
      }
    } else {
      for (Index p = 0; p < k; ++p) {
        for (Index l = 0; l < kSome; ++l) to[p * kPanel + l] = l < some ? columns[l * stride + p] : T(0);
      }
    }
  }
}

/// Packs the transpose of `rows` [n, k], all panels, in parallel; `packed` has room for packed_size(k, n).
template <class T>
void pack(ConstMatrix<T> rows, T* packed) {
  parallel_for((rows.rows + kPanel - 1) / kPanel, [&](Index panel) {
    pack_panel(rows.data, rows.cols, rows.rows, rows.cols, panel * kPanel, packed + panel * kPanel * rows.cols);
  });
}

}  // namespace ad::kernels
