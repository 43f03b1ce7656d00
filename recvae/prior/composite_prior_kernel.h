// The loop of the composite prior for vector units. Private: composite_prior.h is the op.
#pragma once

#include "../../autodiff/kernels/api.h"
#include "../../autodiff/kernels/loops.h"

namespace recvae::detail {

/// The mixture, its constants worked out.
template <class T>
struct Mixture {
  T log_weight[3];  ///< log(w / sqrt(2 pi)) of each component
  T wide_logvar, wide_precision;
};

/// log_density[i] <- that of z[i]; slope[i] <- its derivative by z[i]. n elements.
template <class T>
using MixtureLoop = void (*)(const Mixture<T>& mixture, const T* z, const T* mu, const T* logvar, ad::Index n,
                             T* log_density, T* slope);
struct MixtureLoops {
  MixtureLoop<float> of_float;
  MixtureLoop<double> of_double;
};

/// The loops for this processor, or for one of its ad::kernels::levels().
RECVAE_API const MixtureLoops& mixture_loops(ad::kernels::Level level = ad::kernels::level());

inline MixtureLoop<float> mixture_loop(float) { return mixture_loops().of_float; }
inline MixtureLoop<double> mixture_loop(double) { return mixture_loops().of_double; }

}  // namespace recvae::detail
