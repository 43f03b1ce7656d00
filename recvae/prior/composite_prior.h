// The composite prior of RecVAE (section 3.4): an op of its own, on the public interface of the tape.
#pragma once

#include <array>
#include <cmath>
#include <numbers>

#include "../../autodiff/parallel.h"
#include "../../autodiff/tape.h"
#include "composite_prior_kernel.h"

namespace recvae {

/// log variance of the prior's wide component
inline constexpr double kWideLogvar = 10;

/// log(w_0 N(z; 0, 1) + w_1 N(z; mu_old, e^logvar_old) + w_2 N(z; 0, e^10)) per element: the mixture is taken in each
/// latent dimension. All [batch, latent]. The gradient flows to z; the old posterior is frozen by definition. Where no
/// density can be told from 0 it is -inf, its gradient 0.
template <class T>
ad::Var<T> composite_log_density(ad::Var<T> z, ad::Var<T> mu_old, ad::Var<T> logvar_old,
                                 const std::array<double, 3>& weights) {
  using ad::Index;
  ad::Tape<T>& tape = ad::tape_of("composite_log_density", {z, mu_old, logvar_old});
  const ad::ConstMatrix<T> zs = z.value(), mu = mu_old.value(), logvar = logvar_old.value();
  const auto same = [&](ad::ConstMatrix<T> o) { return o.rows == zs.rows && o.cols == zs.cols; };
  if (!same(mu) || !same(logvar)) {
    throw ad::ShapeError("composite_log_density: z " + ad::shape_string(zs) + ", mu_old " + ad::shape_string(mu) +
                         ", logvar_old " + ad::shape_string(logvar) + ": expected one shape");
  }
  detail::Mixture<T> mixture{{}, static_cast<T>(kWideLogvar), static_cast<T>(std::exp(-kWideLogvar))};
  for (std::size_t k = 0; k < 3; ++k) {
    mixture.log_weight[k] = static_cast<T>(std::log(weights[k]) - 0.5 * std::log(2 * std::numbers::pi));
  }
  ad::Matrix<T> out = tape.alloc(zs.rows, zs.cols), slope = tape.alloc(zs.rows, zs.cols);
  ad::parallel_chunks(zs.size(), 2048, [&](Index begin, Index end) {
    detail::mixture_loop(T())(mixture, zs.data + begin, mu.data + begin, logvar.data + begin, end - begin,
                              out.data + begin, slope.data + begin);
  });
  return tape.record("composite_log_density", out, {z}, [=](ad::Tape<T>& t, ad::ConstMatrix<T> g) {
    const ad::GradSlot<T> dz = t.grad_slot(z);
    if (!dz) return;
    ad::parallel_chunks(g.size(), ad::kChunk, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) dz.put(i, g.data[i] * slope.data[i]);
    });
  });
}

}  // namespace recvae
