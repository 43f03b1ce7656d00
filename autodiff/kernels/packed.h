// Products for inference, where a row's bits must not depend on the rows beside it, as those of BLAS do.
#pragma once

#include "../tensor.h"
#include "api.h"

namespace ad {

/// A weight [outputs, depth] copied into the order in which products read it: panels of kPanel outputs, the last one
/// filled up with zeros, and in a panel, for each k, the k-th numbers of its outputs.
class RECVAE_API PackedMatrix {
 public:
  static constexpr Index kPanel = 48;  ///< outputs side by side

  PackedMatrix() = default;
  explicit PackedMatrix(ConstMatrix<float> weight) { pack(weight); }  ///< packs it
  /// Takes the copy of another weight, in the same memory where that is large enough. In parallel.
  void pack(ConstMatrix<float> weight);

  Index outputs() const { return outputs_; }  ///< rows of the weight
  Index depth() const { return depth_; }      ///< columns of the weight

  /// out[i, j] <- sum_k x[i, k] weight[first + j, k] + bias[j], for i < rows, j < count, on the calling thread. `first`
  /// is a multiple of kPanel; strides are those between rows. Each element is one sum in the order of k, with one
  /// rounding per term (two where the processor has no fused multiply-add): it depends on nothing but its row, its
  /// output and the processor.
  void multiply(const float* x, Index x_stride, Index rows, Index first, Index count, const float* bias, float* out,
                Index out_stride) const;

 private:
  Index outputs_ = 0, depth_ = 0;
  Tensor<float> data_;
};

}  // namespace ad
