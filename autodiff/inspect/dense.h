// Gradients whole.
#pragma once

#include <algorithm>
#include <string>

#include "../grad_slot.h"

namespace ad {
namespace detail {

/// Can it be the gradient of a matrix [rows, cols]? An empty one can.
template <class T>
bool fits(const Gradient<T>& g, Index rows, Index cols) {
  if (!g) return true;
  return g.values.cols == cols && (g.row_sparse ? g.rows.empty() || g.rows.back() < rows : g.values.rows == rows);
}

}  // namespace detail

/// A gradient as a matrix [rows, cols] of its own: zeros where there is none. Throws ShapeError if it is of another
/// shape.
template <class T>
Tensor<T> dense(const Gradient<T>& g, Index rows, Index cols) {
  if (!detail::fits(g, rows, cols))
    throw ShapeError("dense: a gradient " + shape_string(g.values) + " of " + shape_string(rows, cols));
  Tensor<T> out(rows, cols);
  for (Index i = 0; g && i < g.values.rows; ++i) {
    std::copy_n(g.values.row(i), cols, out.view().row(g.row_sparse ? g.rows[static_cast<std::size_t>(i)] : i));
  }
  return out;
}

}  // namespace ad
