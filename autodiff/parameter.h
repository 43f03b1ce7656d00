// A learnable matrix. Its gradient lives in the tape, not here.
#pragma once

#include "tensor.h"

namespace ad {

/// How files hold a parameter (PyTorch's shapes), where memory holds [rows, cols].
enum class Layout {
  matrix,      ///< [rows, cols]
  transposed,  ///< [cols, rows]: a first layer kept item-major in memory
  vector,      ///< [cols]: biases and norms, one row in memory
};

/// A weight of a model. `trainable` says whether a tape collects its gradient (and so whether an optimiser moves it).
template <class T>
struct Parameter {
  Tensor<T> value;
  Layout layout = Layout::matrix;
  bool trainable = true;

  Parameter() = default;
  explicit Parameter(Tensor<T> v, Layout l = Layout::matrix) : value(std::move(v)), layout(l) {}
};

}  // namespace ad
