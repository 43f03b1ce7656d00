// The composite prior of RecVAE (section 3.4): an op of its own, on the public interface of the tape.
#pragma once

#include <array>
#include <cmath>
#include <numbers>

#include "../autodiff/kernels.h"
#include "../autodiff/parallel.h"
#include "../autodiff/tape.h"

namespace recvae {

/// log variance of the prior's wide component
inline constexpr double kWideLogvar = 10;

/// log(w_0 N(z; 0, 1) + w_1 N(z; mu_old, e^logvar_old) + w_2 N(z; 0, e^10)) per element: the mixture is taken in each
/// latent dimension. All [batch, latent]. The gradient flows to z; the old posterior is frozen by definition.
template <class T>
ad::Var<T> composite_log_density(ad::Var<T> z, ad::Var<T> mu_old, ad::Var<T> logvar_old,
                                 const std::array<double, 3>& weights) {
  using ad::Index;
  ad::Tape<T>& tape = z.tape();
  const ad::ConstMatrix<T> zs = z.value(), mu = mu_old.value(), logvar = logvar_old.value();
  const auto same = [&](ad::ConstMatrix<T> o) { return o.rows == zs.rows && o.cols == zs.cols; };
  if (!same(mu) || !same(logvar)) {
    throw ad::ShapeError("composite_log_density: z " + ad::shape_string(zs) + ", mu_old " + ad::shape_string(mu) +
                         ", logvar_old " + ad::shape_string(logvar) + ": expected one shape");
  }
  struct Mixture {
    T log_weight[3];
    ad::ConstMatrix<T> z, mu, logvar;

    /// The mixture's log-density of element i, and its derivative by z where wanted.
    T operator()(Index i, T* slope) const {
      const T v[3] = {T(0), logvar.data[i], T(kWideLogvar)};
      const T delta[3] = {z.data[i], z.data[i] - mu.data[i], z.data[i]};
      T standard[3], term[3];  // delta / variance; log weight and density without the 2 pi
      for (int k = 0; k < 3; ++k) {
        standard[k] = delta[k] * ad::kernels::exp(-v[k]);
        term[k] = log_weight[k] - (v[k] + delta[k] * standard[k]) / 2;
      }
      const T top = std::max({term[0], term[1], term[2]});
      T sum = 0, weighted = 0;
      for (int k = 0; k < 3; ++k) {
        const T e = ad::kernels::exp(term[k] - top);
        sum += e;
        weighted -= e * standard[k];
      }
      if (slope) *slope = weighted / sum;
      return top + std::log(sum);
    }
  };
  Mixture mixture{{}, zs, mu, logvar};
  for (std::size_t k = 0; k < 3; ++k) {
    mixture.log_weight[k] = static_cast<T>(std::log(weights[k]) - 0.5 * std::log(2 * std::numbers::pi));
  }
  ad::Matrix<T> out = tape.alloc(zs.rows, zs.cols);
  ad::parallel_chunks(zs.size(), 2048, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) out.data[i] = mixture(i, nullptr);
  });
  return tape.record("composite_log_density", out, {z}, [=](ad::Tape<T>& t, ad::ConstMatrix<T> g) {
    const ad::GradSlot<T> dz = t.grad(z);
    if (!dz) return;
    ad::parallel_chunks(g.size(), 2048, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        T slope;
        mixture(i, &slope);
        dz.put(i, g.data[i] * slope);
      }
    });
  });
}

}  // namespace recvae
