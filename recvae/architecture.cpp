#include "architecture.h"

namespace recvae {
namespace {

// Numbers of the layers among the streams of the seed: each draw is its own.
constexpr std::uint32_t kEncoderLayer = 0, kOldEncoderLayer = 8, kDecoderLayer = 16, kDecoderHiddenLayer = 17;

}  // namespace

Architecture architecture(const Settings& s) {
  const EncoderKind kind = s.encoder == "multvae"   ? EncoderKind::multvae
                           : s.encoder == "multdae" ? EncoderKind::multdae
                                                    : EncoderKind::recvae;
  return {kind, s.decoder == "multvae", s.hidden_dimension, s.latent_dimension, s.layer_norm_eps};
}

Architecture architecture(const RecVae<float>& m) {
  return {m.encoder.kind, m.decoder.has_hidden(), m.hidden(), m.latent(), m.encoder.ln1.eps};
}

Encoder<float> make_encoder(const Architecture& a, ad::Index items, ad::nn::Init init, std::uint64_t seed,
                            EncoderRole role) {
  const std::uint32_t first = role == EncoderRole::own ? kEncoderLayer : kOldEncoderLayer;
  return Encoder<float>(items, a.hidden, a.latent, a.layer_norm_eps, init, seed, first, a.encoder);
}

RecVae<float> make_model(const Architecture& a, ad::Index items, ad::nn::Init init, std::uint64_t seed) {
  using Linear = ad::nn::Linear<float>;
  const Linear hidden = a.hidden_decoder ? Linear(a.latent, a.hidden, {seed, kDecoderHiddenLayer}, init) : Linear();
  const ad::Index width = a.hidden_decoder ? a.hidden : a.latent;
  return {make_encoder(a, items, init, seed), {hidden, Linear(width, items, {seed, kDecoderLayer}, init)}};
}

}  // namespace recvae
