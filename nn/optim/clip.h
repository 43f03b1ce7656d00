// Clipping by the norm of all gradients together.
#pragma once

#include <cmath>

#include "../../autodiff/parallel.h"
#include "../../autodiff/tape.h"
#include "../module.h"

namespace ad::nn {

/// Scales the gradients that `gradients` (a Tape or a GradientSum) holds for `module` so that their joint 2-norm is at
/// most `max_norm`, as torch.nn.utils.clip_grad_norm_. Call between backward() and the optimiser; before, it throws
/// Error, and for a norm that is not positive. Returns the norm before.
template <class Module, class Gradients>
double clip_grad_norm(const Module& module, Gradients& gradients, double max_norm) {
  gradients.require_gradients("clip_grad_norm");
  if (!(max_norm > 0)) throw Error("clip_grad_norm: expected a positive norm, found " + std::to_string(max_norm));
  double squares = 0;
  for_each_distinct_parameter(module, [&]<class T>(const Parameter<T>& p) {
    const Gradient<T> g = gradients.gradient(p);
    for (Index i = 0; g && i < g.values.size(); ++i)
      squares += static_cast<double>(g.values.data[i]) * g.values.data[i];
  });
  const double norm = std::sqrt(squares);
  const double factor = max_norm / (norm + 1e-6);
  if (factor >= 1) return norm;
  for_each_distinct_parameter(module, [&]<class T>(const Parameter<T>& p) {
    const Gradient<T> g = gradients.gradient(p);
    if (!g) return;
    parallel_chunks(g.values.size(), kChunk, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) g.values.data[i] *= static_cast<T>(factor);
    });
  });
  return norm;
}

}  // namespace ad::nn
