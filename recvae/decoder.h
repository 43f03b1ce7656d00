// The decoder: one affine layer, as in RecVAE, or a hidden layer before it, as in Mult-VAE.
#pragma once

#include "../autodiff/autodiff.h"
#include "../nn/nn.h"

namespace recvae {

/// Logits of all items, of(z) weight^T + bias, weight [items, width]: of(z) is z itself, or tanh(fc1(z)) of a decoder
/// that has a hidden layer.
template <class T>
struct Decoder : ad::nn::Linear<T> {
  ad::nn::Linear<T> fc1;  ///< empty: there is none

  Decoder() = default;
  /// Without a hidden layer.
  Decoder(ad::nn::Linear<T> output) : ad::nn::Linear<T>(std::move(output)) {}
  /// With a hidden layer.
  Decoder(ad::nn::Linear<T> hidden, ad::nn::Linear<T> output)
      : ad::nn::Linear<T>(std::move(output)), fc1(std::move(hidden)) {}

  bool has_hidden() const { return fc1.weight.value.size() > 0; }  ///< is there a hidden layer?
  ad::Index width() const { return this->weight.value.cols(); }    ///< columns of the weight
  /// What the weight multiplies, [batch, width].
  ad::Var<T> of(ad::Var<T> z) const { return has_hidden() ? ad::tanh(fc1(z)) : z; }

  /// Logits, [batch, items].
  ad::Var<T> operator()(ad::Var<T> z) const { return ad::nn::Linear<T>::operator()(of(z)); }

  /// Names the parameters (nn/module.h).
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    if (self.has_hidden()) f("fc1", self.fc1);
    ad::nn::Linear<T>::visit(self, f);
  }
};

}  // namespace recvae
