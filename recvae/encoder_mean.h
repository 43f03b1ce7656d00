// The encoder's forward for inference alone.
#pragma once

#include <vector>

#include "../autodiff/kernels/packed.h"
#include "../data/csr.h"
#include "encoder.h"

namespace recvae {

/// The posterior's mean of histories, without tape, noise, dropout or logvar. Each row's bits are the same alone and in
/// any company. Copies the matrices of fc2 .. fc5 and fc_mu; the encoder must outlive it and not change meanwhile.
class EncoderMean {
 public:
  explicit EncoderMean(const Encoder<float>& encoder);

  ad::Index latent() const { return mu_.outputs(); }
  /// mu[i] <- the mean of q(z | row first + i), for i < count, on the calling thread. Rows need not be normalised.
  void operator()(const data::Csr& histories, std::int64_t first, ad::Index count, float* mu) const;
  /// The same, [count, latent], by all threads.
  ad::Tensor<float> of_rows(const data::Csr& histories, std::int64_t first, ad::Index count) const;

 private:
  const Encoder<float>& encoder_;
  std::vector<ad::PackedMatrix> hidden_;  // fc2 .. fc5
  ad::PackedMatrix mu_;
};

}  // namespace recvae
