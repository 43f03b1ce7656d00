// Gradients whole.
#pragma once

#include <algorithm>

#include "../grad_slot.h"

namespace ad {

/// A gradient as a matrix [rows, cols] of its own: zeros where there is none.
template <class T>
Tensor<T> dense(const Gradient<T>& g, Index rows, Index cols) {
  Tensor<T> out(rows, cols);
  for (Index i = 0; g && i < g.values.rows; ++i) {
    std::copy_n(g.values.row(i), cols, out.view().row(g.row_sparse ? g.rows[static_cast<std::size_t>(i)] : i));
  }
  return out;
}

}  // namespace ad
