// The loop of the composite prior, compiled once for each level of the processor as autodiff/kernels/loops_level.cpp
// is.
#include <limits>

#include "composite_prior_kernel.h"

namespace recvae::detail {
namespace {

constexpr int kComponents = 3;

template <class T>
void mixture_loop(const Mixture<T>& m, const T* __restrict z, const T* __restrict mu, const T* __restrict logvar,
                  ad::Index n, T* __restrict log_density, T* __restrict slope) {
  const Mixture<T> mixture = m;
  for (ad::Index i = 0; i < n; ++i) {
    // Of each component: delta / variance, and the log of weight and density.
    const T standard[kComponents] = {z[i], (z[i] - mu[i]) * ad::kernels::exp(-logvar[i]),
                                     z[i] * mixture.wide_precision};
    const T term[kComponents] = {mixture.log_weight[0] - z[i] * standard[0] / 2,
                                 mixture.log_weight[1] - (logvar[i] + (z[i] - mu[i]) * standard[1]) / 2,
                                 mixture.log_weight[2] - (mixture.wide_logvar + z[i] * standard[2]) / 2};
    T top = std::numeric_limits<T>::lowest();  // finite: where all densities are 0 their logs are -inf
    for (int k = 0; k < kComponents; ++k) top = term[k] > top ? term[k] : top;
    T sum = 0, weighted = 0;
    for (int k = 0; k < kComponents; ++k) {
      const T e = ad::kernels::exp(term[k] - top);
      sum += e;
      weighted -= e * standard[k];
    }
    const T nothing = sum == T(0) ? -std::numeric_limits<T>::infinity() : sum;  // or NaN, which stays NaN
    log_density[i] = sum > T(0) ? top + ad::kernels::log(sum) : nothing;
    slope[i] = sum == T(0) ? T(0) : weighted / sum;
  }
}

}  // namespace

namespace AD_LEVEL {
extern const MixtureLoops mixture_loops;
constexpr MixtureLoops mixture_loops = {.of_float = mixture_loop<float>, .of_double = mixture_loop<double>};
}  // namespace AD_LEVEL

}  // namespace recvae::detail
