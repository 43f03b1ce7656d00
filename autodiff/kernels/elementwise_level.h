// Functions of each element.
#pragma once

#include "vectors_level.h"

namespace ad::kernels {
namespace {

template <class T>
void exp_each(const T* x, Index n, T scale, T* out) {
  for (Index i = 0; i < n; ++i) out[i] = exp(scale * x[i]);
}

template <class T>
void sigmoid_each(const T* x, T* out, Index n) {
  for (Index i = 0; i < n; ++i) out[i] = sigmoid(x[i]);
}

template <class T>
void swish(const T* x, T* out, Index n) {
  for (Index i = 0; i < n; ++i) out[i] = x[i] * sigmoid(x[i]);
}

/// d swish(x) / dx, s being sigmoid(x)
template <class T>
AD_INLINE T swish_slope(T x, T s) {
  return s + x * s * (T(1) - s);
}

template <class T>
void swish_backward(const T* x, const T* g, T* dx, Index n, bool accumulate) {
  if (accumulate) {
    for (Index i = 0; i < n; ++i) dx[i] += g[i] * swish_slope(x[i], sigmoid(x[i]));
  } else {
    for (Index i = 0; i < n; ++i) dx[i] = g[i] * swish_slope(x[i], sigmoid(x[i]));
  }
}

template <class T>
void relu_backward(const T* x, const T* g, T* dx, Index n, bool accumulate) {
  if (accumulate) {
    for (Index i = 0; i < n; ++i) dx[i] += x[i] <= T(0) ? T(0) : g[i];
  } else {
    for (Index i = 0; i < n; ++i) dx[i] = x[i] <= T(0) ? T(0) : g[i];
  }
}

template <class T>
constexpr ElementwiseLoops<T> elementwise() {
  return {
      .exp = entry<T, exp_each<T>>,
      .sigmoid = entry<T, sigmoid_each<T>>,
      .swish = entry<T, swish<T>>,
      .swish_backward = entry<T, swish_backward<T>>,
      .relu_backward = entry<T, relu_backward<T>>,
  };
}

}  // namespace
}  // namespace ad::kernels
