#include "packed.h"

#include "product.h"

namespace ad {

static_assert(PackedMatrix::kPanel == kernels::kPanel);

void PackedMatrix::pack(ConstMatrix<float> weight) {
  outputs_ = weight.rows;
  depth_ = weight.cols;
  const Index size = kernels::packed_size(depth_, outputs_);
  if (data_.size() < size) data_ = Tensor<float>(size, 1);
  kernels::pack(weight, data_.data());
}

void PackedMatrix::multiply(const float* x, Index x_stride, Index rows, Index first, Index count, const float* bias,
                            float* out, Index out_stride) const {
  if (first % kPanel != 0 || first < 0 || first + count > outputs_) {
    throw ShapeError("PackedMatrix: outputs " + std::to_string(first) + " to " + std::to_string(first + count) +
                     " of " + shape_string(outputs_, depth_));
  }
  for (Index i = 0; i < rows; ++i) std::copy_n(bias, count, out + i * out_stride);
  kernels::multiply<float>({rows, count, depth_, x, x_stride, 1, data_.data() + first * depth_, kPanel, kPanel * depth_,
                            out, out_stride, true});
}

}  // namespace ad
