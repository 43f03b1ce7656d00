// Which layers a model has.
#pragma once

#include <cstdint>

#include "../autodiff/kernels/api.h"
#include "model.h"
#include "settings.h"

namespace recvae {

/// Kinds and sizes, but for the number of items.
struct Architecture {
  EncoderKind encoder = EncoderKind::recvae;  ///< its kind
  bool hidden_decoder = false;                ///< a decoder with a hidden layer, as wide as the encoder's
  ///@{
  /// Widths.
  ad::Index hidden = 0, latent = 0;
  ///@}
  double layer_norm_eps = 0.1;  ///< of the encoder's layer norms
};

/// That of settings, and that of a model.
RECVAE_API Architecture architecture(const Settings& settings);
/// That of a model.
RECVAE_API Architecture architecture(const RecVae<float>& model);

/// An encoder, or a whole model, with weights drawn by `init` and `seed`: the encoder of the old posterior draws
/// numbers of its own.
enum class EncoderRole {
  own,  ///< the model's
  old   ///< that of the old posterior
};
/// An encoder with weights drawn by `init` and `seed`.
RECVAE_API Encoder<float> make_encoder(const Architecture& a, ad::Index items, ad::nn::Init init, std::uint64_t seed,
                                       EncoderRole role = EncoderRole::own);
/// A whole model, likewise.
RECVAE_API RecVae<float> make_model(const Architecture& a, ad::Index items, ad::nn::Init init, std::uint64_t seed);

}  // namespace recvae
