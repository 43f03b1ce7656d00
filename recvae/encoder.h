// The encoder of RecVAE (Shenbin et al. 2020, section 3.3): five densely connected blocks and two heads; and those of
// Mult-VAE and Mult-DAE (Liang et al. 2018), in its place.
#pragma once

#include <array>

#include "../autodiff/autodiff.h"
#include "../nn/nn.h"

namespace recvae {

/// Parameters of q(z | x), each [batch, latent].
template <class T>
struct Posterior {
  ad::Var<T> mu;      ///< the mean
  ad::Var<T> logvar;  ///< an empty handle where z is mu
};

/// Which layers there are.
enum class EncoderKind {
  recvae,   ///< h_k = LN_k(swish(W_k h_{k-1} + b_k + h_1 + ... + h_{k-1})), k = 1..5, h_0 = x; mu, logvar affine in h_5
  multvae,  ///< h = tanh(W_1 x + b_1); mu and logvar are affine in h
  multdae   ///< h likewise; mu = tanh(W_mu h + b_mu), no logvar
};

/// The layers of one kind; those that it lacks are empty, and nobody visits them.
template <class T>
struct Encoder {
  EncoderKind kind = EncoderKind::recvae;  ///< which layers there are
  ad::nn::SparseLinear<T> fc1;             ///< W_1, b_1
  ///@{
  /// W_k, b_k, and the heads.
  ad::nn::Linear<T> fc2, fc3, fc4, fc5, fc_mu, fc_logvar;
  ///@}
  ///@{
  /// LN_k.
  ad::nn::LayerNorm<T> ln1, ln2, ln3, ln4, ln5;
  ///@}

  Encoder() = default;
  /// Fresh weights; layers take the numbers from `first_layer` on of the seed's streams.
  Encoder(ad::Index items, ad::Index hidden, ad::Index latent, double layer_norm_eps, ad::nn::Init init,
          std::uint64_t seed, std::uint32_t first_layer, EncoderKind which = EncoderKind::recvae)
      : kind(which),
        fc1(items, hidden, {seed, first_layer}, init),
        fc_mu(hidden, latent, {seed, first_layer + 5}, init) {
    if (kind != EncoderKind::multdae) fc_logvar = {hidden, latent, {seed, first_layer + 6}, init};
    if (kind != EncoderKind::recvae) return;
    const ad::nn::LayerNorm<T> norm(hidden, layer_norm_eps);
    ln1 = norm;
    std::uint32_t layer = first_layer + 1;
    for (auto [fc, ln] : {std::pair(&fc2, &ln2), {&fc3, &ln3}, {&fc4, &ln4}, {&fc5, &ln5}}) {
      *fc = {hidden, hidden, {seed, layer++}, init};
      *ln = norm;
    }
  }

  /// x: sparse [batch, items], rows already L2-normalised (an empty one stays empty) and, in training, dropped out.
  Posterior<T> operator()(ad::Tape<T>& tape, const ad::CsrView<T>& x) const {
    if (kind != EncoderKind::recvae) {
      const ad::Var<T> h = ad::tanh(fc1(tape, x));
      if (kind == EncoderKind::multdae) return {ad::tanh(fc_mu(h)), {}};
      return {fc_mu(h), fc_logvar(h)};
    }
    const ad::Var<T> h = dense_blocks(
        ln1.of_swish(fc1(tape, x)),
        [](const Block& block, ad::Var<T> before, ad::Var<T> skip) {
          return block.ln->of_swish((*block.fc)(before), skip);
        },
        [](ad::Var<T> skip, ad::Var<T> h_k) { return skip + h_k; });
    return {fc_mu(h), fc_logvar(h)};
  }

  /// The layers of h_k, k = 2..5.
  struct Block {
    const ad::nn::Linear<T>* fc;     ///< W_k, b_k
    const ad::nn::LayerNorm<T>* ln;  ///< LN_k
  };
  /// They, in order.
  std::array<Block, 4> blocks() const { return {{{&fc2, &ln2}, {&fc3, &ln3}, {&fc4, &ln4}, {&fc5, &ln5}}}; }

  /// h_5 from h_1, whatever an H is: next(block, h_{k-1}, skip) computes h_k, and sum(skip, h_k) what later ones skip
  /// to.
  template <class H, class Next, class Sum>
  H dense_blocks(H h, const Next& next, const Sum& sum) const {
    H skip = h;  // h_1 + ... + h_{k-1}
    for (const Block& block : blocks()) {
      h = next(block, h, skip);
      if (block.fc != &fc5) skip = sum(skip, h);
    }
    return h;
  }

  /// Names the parameters of its kind (nn/module.h).
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("fc1", self.fc1);
    if (self.kind == EncoderKind::recvae) {
      f("ln1", self.ln1);
      f("fc2", self.fc2);
      f("ln2", self.ln2);
      f("fc3", self.fc3);
      f("ln3", self.ln3);
      f("fc4", self.fc4);
      f("ln4", self.ln4);
      f("fc5", self.fc5);
      f("ln5", self.ln5);
    }
    f("fc_mu", self.fc_mu);
    if (self.kind != EncoderKind::multdae) f("fc_logvar", self.fc_logvar);
  }
};

}  // namespace recvae
