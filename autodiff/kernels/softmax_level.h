// Maxima and exponentials of rows, and of columns tile after tile.
#pragma once

#include <limits>

#include "vectors_level.h"

namespace ad::kernels {
namespace {

template <class T>
T row_max(const T* x, Index n) {
  using Vector = typename VectorOf<T>::type;
  constexpr Index kWidth = VectorOf<T>::kWidth;
  Vector most = Vector{} - std::numeric_limits<T>::infinity();
  Index i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    Vector v;
    __builtin_memcpy(&v, x + i, sizeof v);
    most = ((v > most) | (v != v)) ? v : most;  // NOLINT: NaN comes in, and nothing is larger than it
  }
  T top = -std::numeric_limits<T>::infinity();
  const auto take = [&top](T v) { top = v > top || v != v ? v : top; };  // NOLINT: likewise
  for (Index l = 0; l < kWidth; ++l) take(most[l]);
  for (; i < n; ++i) take(x[i]);
  return top;
}

template <class T>
T exp_sum(const T* x, Index n, T shift, T* out) {
  for (Index i = 0; i < n; ++i) out[i] = exp(x[i] - shift);
  return sum_of<T>(n, [=](Index i) { return out[i]; });
}

template <class T>
void softmax_columns(T* __restrict x, Index rows, Index stride, Index n, const T* __restrict bias, T* __restrict top,
                     T* __restrict sum, T* __restrict rescale) {
  for (Index j = 0; j < n; ++j) rescale[j] = top[j];
  for (Index i = 0; i < rows; ++i) {
    const T* row = x + i * stride;
    for (Index j = 0; j < n; ++j) {
      const T logit = row[j] + bias[i];
      rescale[j] = logit > rescale[j] ? logit : rescale[j];
    }
  }
  for (Index j = 0; j < n; ++j) {
    const T grown = rescale[j];
    rescale[j] = exp(top[j] - grown);
    sum[j] *= rescale[j];
    top[j] = grown;
  }
  for (Index i = 0; i < rows; ++i) {
    T* row = x + i * stride;
    for (Index j = 0; j < n; ++j) sum[j] += row[j] = exp(row[j] + bias[i] - top[j]);
  }
}

template <class T>
void scale_columns(T* __restrict x, Index rows, Index stride, Index n, const T* __restrict scale, T* __restrict sums) {
  for (Index i = 0; i < rows; ++i) {
    T* row = x + i * stride;
    for (Index j = 0; j < n; ++j) row[j] *= scale[j];
    sums[i] = sum_of<T>(n, [=](Index j) { return row[j]; });
  }
}

template <class T>
constexpr SoftmaxLoops<T> softmax() {
  return {
      .row_max = entry<T, row_max<T>>,
      .exp_sum = entry<T, exp_sum<T>>,
      .softmax_columns = entry<T, softmax_columns<T>>,
      .scale_columns = entry<T, scale_columns<T>>,
  };
}

}  // namespace
}  // namespace ad::kernels
