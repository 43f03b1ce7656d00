// The update of Adam.
#pragma once

#include "vectors_level.h"

namespace ad::kernels {
namespace {

template <class T>
void adam(const AdamStep& step, const T* __restrict g, T* __restrict p, T* __restrict m, T* __restrict v, Index n) {
  const T size = static_cast<T>(step.step_size), root_scale = static_cast<T>(step.root_scale);
  const T beta1 = static_cast<T>(step.beta1), beta2 = static_cast<T>(step.beta2);
  const T rest1 = static_cast<T>(1 - step.beta1), rest2 = static_cast<T>(1 - step.beta2);
  const T epsilon = static_cast<T>(step.epsilon), decay = static_cast<T>(step.weight_decay),
          keep = static_cast<T>(step.keep);
  const auto update = [=](T gradient, Index i) {
    gradient += decay * p[i];
    m[i] = beta1 * m[i] + rest1 * gradient;
    v[i] = beta2 * v[i] + rest2 * gradient * gradient;
    p[i] = keep * p[i] - size * m[i] / (std::sqrt(v[i]) * root_scale + epsilon);
  };
  if (g) {
    for (Index i = 0; i < n; ++i) update(g[i], i);
  } else {
    for (Index i = 0; i < n; ++i) update(T(0), i);
  }
}

template <class T>
constexpr AdamLoops<T> optimiser() {
  return {
      .adam = entry<T, adam<T>>,
  };
}

}  // namespace
}  // namespace ad::kernels
