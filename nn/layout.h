// How files hold a matrix.
#pragma once

namespace ad::nn {

/// The shape of a tensor in a file (PyTorch's), where memory holds [rows, cols].
enum class Layout {
  matrix,      ///< [rows, cols]
  transposed,  ///< [cols, rows]: a first layer kept item-major in memory
  vector,      ///< [cols]: biases and norms, one row in memory
};

}  // namespace ad::nn
