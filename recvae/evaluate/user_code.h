// From a history to the vector that item vectors are multiplied with, for inference alone.
#pragma once

#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../../autodiff/kernels/packed.h"
#include "../../data/csr.h"
#include "../model.h"

namespace recvae {

/// What the decoder's weight multiplies, of the posterior's mean of a history: without tape, noise, dropout or logvar.
/// Each row's bits are the same alone and in any company. Copies the matrices of all layers but the first and the last;
/// the model must outlive it and not change meanwhile.
class RECVAE_API UserCode {
 public:
  explicit UserCode(const RecVae<float>& model);  ///< of this model

  ad::Index width() const { return model_.decoder.width(); }  ///< of a code
  /// code[i] <- that of row first + i, for i < count, on the calling thread. Rows need not be normalised.
  void operator()(const data::Csr& histories, std::int64_t first, ad::Index count, float* code) const;
  /// The same, [count, width], by all threads.
  ad::Tensor<float> of_rows(const data::Csr& histories, std::int64_t first, ad::Index count) const;

 private:
  ad::Matrix<float> dense_blocks(ad::Matrix<float> x, ad::Tensor<float>& memory) const;

  const RecVae<float>& model_;
  std::vector<ad::PackedMatrix> blocks_;  // fc2 .. fc5, where there are any
  ad::PackedMatrix mu_, decoder_;         // the decoder's hidden layer, if it has one
};

}  // namespace recvae
