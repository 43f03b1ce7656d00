// What a backward writes and what it leaves behind.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tensor.h"

namespace ad {

/// Where a backward writes the gradient of one input. Empty (false): nobody wants it, skip the work. Otherwise every
/// element must be written once: set when `accumulate` is false (the memory is uninitialised), added when it is true.
template <class T>
struct GradSlot {
  Matrix<T> grad;           ///< of the input's shape
  bool accumulate = false;  ///< add to what is there?

  explicit operator bool() const { return grad.data != nullptr; }                     ///< does anybody want it?
  T beta() const { return accumulate ? T(1) : T(0); }                                 ///< for GEMM
  void put(Index i, T g) const { grad.data[i] = accumulate ? grad.data[i] + g : g; }  ///< element i, by rows
};

/// The matrix of a gradient: reading an element that it does not have throws ShapeError.
template <class T>
struct GradientValues : Matrix<T> {
  T& operator()(Index i, Index j) const {
    if (i < 0 || i >= this->rows || j < 0 || j >= this->cols) {
      throw ShapeError("gradient: there is no element " + shape_string(i, j) + " in " + shape_string(*this) +
                       (this->data ? "" : ": not reached, frozen or a constant"));
    }
    return this->data[i * this->cols + j];
  }  ///< Row i (of the rows that are there), column j.
};

/// The gradient of a leaf after backward(): empty (frozen or not reached), dense, or of some rows only (all others are
/// zero). `rows` ascend; row k of `values` belongs to row rows[k] of the leaf.
template <class T>
struct Gradient {
  GradientValues<T> values;            ///< [rows, cols] of the leaf, or [number of `rows`, cols]
  std::span<const std::int32_t> rows;  ///< where row_sparse
  bool row_sparse = false;             ///< are `values` of some rows only?

  explicit operator bool() const { return values.data != nullptr; }  ///< is there one?
};

namespace detail {

/// Adds row k of `values` to row rows[k].
template <class T>
void add_rows(std::span<const std::int32_t> rows, ConstMatrix<T> values, Matrix<T> to) {
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const T* from = values.row(static_cast<Index>(k));
    for (Index j = 0; j < to.cols; ++j) to(rows[k], j) += from[j];
  }
}

}  // namespace detail
}  // namespace ad
