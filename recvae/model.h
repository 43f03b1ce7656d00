// RecVAE and its loss.
#pragma once

#include <array>

#include "decoder.h"
#include "encoder.h"
#include "prior/composite_prior.h"

namespace recvae {

/// The model: encoder [items -> latent] and decoder [latent -> items]. Its frozen partner, the encoder of the old
/// posterior, is a second Encoder that only the trainer and weight files know.
template <class T>
struct RecVae {
  Encoder<T> encoder;  ///< items -> latent
  Decoder<T> decoder;  ///< latent -> items

  /// Names the parameters (nn/module.h).
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("encoder", self.encoder);
    f("decoder", self.decoder);
  }
  ad::Index items() const { return decoder.weight.value.rows(); }         ///< of the catalogue
  ad::Index hidden() const { return encoder.fc_mu.weight.value.cols(); }  ///< width of the encoder's layers
  ad::Index latent() const { return encoder.fc_mu.weight.value.rows(); }  ///< width of z
};

/// What z is drawn towards.
enum class Prior {
  composite,     ///< the mixture of composite_prior.h
  standard,      ///< N(0, 1)
  old_posterior  ///< that of the whole row, as it was before
};

/// What the loss weighs with.
struct Objective {
  Prior prior = Prior::composite;                             ///< which one
  double gamma = 0.005;                                       ///< KL weight per interaction; 0: beta for every user
  double beta = 0.2;                                          ///< KL weight where gamma is 0
  std::array<double, 3> mixture_weights = {0.15, 0.75, 0.1};  ///< of the composite prior's parts
};

/// Means over the batch, [1, 1] each: loss = kld - mll.
template <class T>
struct Loss {
  ad::Var<T> loss;  ///< kld - mll
  ad::Var<T> mll;   ///< multinomial log-likelihood
  ad::Var<T> kld;   ///< weighted divergence
};

/// The multinomial log-likelihood of a batch, mean over its rows: mean_u sum_i x_ui log softmax(decoder(z_u))_i.
template <class T>
ad::Var<T> mean_log_likelihood(const RecVae<T>& model, ad::Var<T> z, const ad::CsrView<T>& x) {
  ad::Tape<T>& tape = z.tape();
  return ad::mean(ad::multinomial_log_likelihood(model.decoder.of(z), tape.parameter(model.decoder.weight),
                                                 tape.parameter(model.decoder.bias), x));
}

namespace detail {

template <class T>
ad::Var<T> zero(ad::Tape<T>& tape) {
  const ad::Matrix<T> number = tape.alloc(1, 1);
  number.data[0] = 0;
  return tape.reference(number);
}

}  // namespace detail

/// The divergence of the posterior from the prior, [batch, latent]: of the composite prior an estimate by one sample,
/// log N(z; mu, e^logvar) - log p(z), else in closed form.
template <class T>
ad::Var<T> divergence(const Posterior<T>& q, ad::Var<T> z, ad::ConstMatrix<T> old_mu, ad::ConstMatrix<T> old_logvar,
                      const Objective& objective) {
  ad::Tape<T>& tape = z.tape();
  if (objective.prior == Prior::standard) {
    const ad::Var<T> zero = detail::zero(tape);
    return ad::gaussian_kl(q.mu, q.logvar, zero, zero);
  }
  const ad::Var<T> mu = tape.constant(old_mu), logvar = tape.constant(old_logvar);
  if (objective.prior == Prior::old_posterior) return ad::gaussian_kl(q.mu, q.logvar, mu, logvar);
  const ad::Var<T> log_q = ad::gaussian_log_density(z, q.mu, q.logvar);
  return log_q - composite_log_density(z, mu, logvar, objective.mixture_weights);
}

/// The whole loss of a batch:
///   mll = mean_u sum_i x_ui log softmax(decoder(z_u))_i
///   kld = mean_u w_u sum_d divergence_ud,  w_u = gamma sum_i x_ui, or beta if gamma is 0.
/// x: the users' rows; input: the same L2-normalised and, in training, dropped out; noise: N(0, 1) times epsilon_std;
/// old_mu, old_logvar: the old posterior of the whole rows, where the prior has it. What is differentiated is what is
/// trainable. An encoder without variance has no noise, and a kld of 0.
template <class T>
Loss<T> loss(ad::Tape<T>& tape, const RecVae<T>& model, const ad::CsrView<T>& x, const ad::CsrView<T>& input,
             ad::ConstMatrix<T> noise, ad::ConstMatrix<T> old_mu, ad::ConstMatrix<T> old_logvar,
             const Objective& objective) {
  const Posterior<T> q = model.encoder(tape, input);
  if (model.encoder.kind == EncoderKind::multdae) {
    const ad::Var<T> mll = mean_log_likelihood(model, q.mu, x);
    return {-mll, mll, detail::zero(tape)};
  }
  const ad::Var<T> z = ad::reparameterise(q.mu, q.logvar, noise);
  const ad::Var<T> kl = divergence(q, z, old_mu, old_logvar, objective);
  ad::Matrix<T> weight = tape.alloc(x.rows, 1);
  for (ad::Index u = 0; u < x.rows; ++u) {
    T count = 0;
    for (std::int64_t at = x.indptr[u]; at < x.indptr[u + 1]; ++at) count += x.value(at);
    weight.data[u] =
        static_cast<T>(objective.gamma != 0 ? objective.gamma * static_cast<double>(count) : objective.beta);
  }
  const ad::Var<T> kld = ad::mean(tape.reference(weight) * ad::row_sums(kl));
  const ad::Var<T> mll = mean_log_likelihood(model, z, x);
  return {kld - mll, mll, kld};
}

}  // namespace recvae
