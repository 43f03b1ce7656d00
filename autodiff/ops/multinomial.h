// The multinomial log-likelihood of sparse counts, fused with the product that makes the logits.
#pragma once

#include <string>

#include "../csr.h"
#include "../kernels/api.h"
#include "broadcast.h"
#include "sparse_linear.h"

namespace ad {
namespace detail {

/// What a forward leaves behind for the backward; matrices live on the tape.
template <class T>
struct MultinomialState {
  CsrView<T> targets;
  ConstMatrix<T> z, weight, bias;
  Matrix<T> top;   // [batch, 1]: a row's largest logit
  Matrix<T> rate;  // [batch, 1]: n_u / sum_j e^(logit_uj - top_u)
  Matrix<T> dz;    // [batch, latent]: d out_u / d z_u; empty when nobody wants it
  // Of the first tiles of items, as many as the memory for them holds: e^(logit - shift), item by item the users, and
  // the shifts [tiles, batch]. Empty when nobody wants the gradient of weight or bias.
  T* exponentials = nullptr;
  Matrix<T> shifts;
};

/// Fills out [batch, 1] and the state; makes dz in the same pass over the items if `with_dz`, and keeps up to
/// `kept_bytes` of exponentials for multinomial_weight_grad().
template <class T>
RECVAE_API MultinomialState<T> multinomial_forward(Tape<T>& tape, const CsrView<T>& targets, ConstMatrix<T> z,
                                                   ConstMatrix<T> weight, ConstMatrix<T> bias, bool with_dz,
                                                   Index kept_bytes, Matrix<T> out);

/// Adds or sets the gradients of weight and bias for g [batch, 1], a tile of items at a time. Uses the exponentials up.
template <class T>
RECVAE_API void multinomial_weight_grad(Tape<T>& tape, const MultinomialState<T>& state, ConstMatrix<T> g,
                                        GradSlot<T> dweight, GradSlot<T> dbias);

}  // namespace detail

/// Memory that exponentials may take between forward and backward: 127,000 items for 500 users in float.
inline constexpr Index kKeptExponentials = Index{256} << 20;

/// Per row u: sum_j x_uj log softmax(z_u weight^T + bias)_j = sum_j x_uj logit_uj - n_u logsumexp(logit_u), n_u being
/// the sum of x_u. z [batch, latent], weight [items, latent], bias [1, items], targets sparse [batch, items] ->
/// [batch, 1]. A logit of -inf is an item of probability 0, as in log_softmax. Items pass in tiles: nothing of size
/// batch x items is stored, but for at most `kept_bytes` that spare the backward of weight and bias their second
/// product and exponential. The gradient of z falls out of the forward, as in FlashAttention (Dao et al. 2022):
/// softmax(.) weight is attention over the items.
template <class T>
Var<T> multinomial_log_likelihood(Var<T> z, Var<T> weight, Var<T> bias, const CsrView<T>& targets,
                                  Index kept_bytes = kKeptExponentials) {
  Tape<T>& tape = tape_of("multinomial_log_likelihood", {z, weight, bias});
  const ConstMatrix<T> zs = z.value(), w = weight.value(), b = bias.value();
  if (zs.cols != w.cols || b.rows != 1 || b.cols != w.rows || targets.rows != zs.rows || targets.cols != w.rows) {
    throw ShapeError("multinomial_log_likelihood: z " + shape_string(zs) + ", weight " + shape_string(w) + ", bias " +
                     shape_string(b) + ", targets " + shape_string(targets) +
                     ": expected [batch, latent], [items, latent], [1, items], [batch, items]");
  }
  check(targets, "multinomial_log_likelihood");
  Matrix<T> out = tape.alloc(zs.rows, 1);
  const Index kept = tape.wants_grad(weight) || tape.wants_grad(bias) ? kept_bytes : 0;
  const detail::MultinomialState<T> state =
      detail::multinomial_forward(tape, targets, zs, w, b, tape.wants_grad(z), kept, out);
  return tape.record("multinomial_log_likelihood", out, {z, weight, bias}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_reduced(t.grad_slot(z), zs.rows, zs.cols, [&](Index u, Index d) { return g.data[u] * state.dz(u, d); });
    const GradSlot<T> dweight = t.grad_slot(weight), dbias = t.grad_slot(bias);
    if (dweight || dbias) detail::multinomial_weight_grad(t, state, g, dweight, dbias);
  });
}

}  // namespace ad
