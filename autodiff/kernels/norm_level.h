// Layer normalisation of f(x + skip).
#pragma once

#include "elementwise_level.h"

namespace ad::kernels {
namespace {

template <bool kSkip, class T>
AD_INLINE T norm_input(const NormRow<T>& row, Index i) {
  return kSkip ? row.x[i] + row.skip[i] : row.x[i];
}

// Each loop does one thing: then compilers vectorise it.
template <bool kSkip, bool kSwish, class T>
AD_INLINE RowMoments<T> norm_row(const NormRow<T>& r, double eps, T* __restrict out) {
  const NormRow<T> row = r;  // a copy: what `out` could alias would be read again and again
  for (Index i = 0; i < row.n; ++i) {
    const T x = norm_input<kSkip>(row, i);
    out[i] = kSwish ? x * sigmoid(x) : x;
  }
  const T mean = sum_of<T>(row.n, [=](Index i) { return out[i]; }) / static_cast<T>(row.n);
  const T squares = sum_of<T>(row.n, [=](Index i) { return (out[i] - mean) * (out[i] - mean); });
  const T rstd = T(1) / std::sqrt(squares / static_cast<T>(row.n) + static_cast<T>(eps));
  for (Index i = 0; i < row.n; ++i) out[i] = (out[i] - mean) * rstd * row.weight[i] + row.bias[i];
  return {mean, rstd};
}

template <bool kSkip, bool kSwish, class T>
AD_INLINE void norm_row_backward(const NormRow<T>& r, RowMoments<T> m, const T* __restrict g, T* __restrict dx,
                                 T* __restrict dweight, T* __restrict dbias) {
  const NormRow<T> row = r;
  for (Index i = 0; i < row.n; ++i) {  // the normalised row, until dx takes its place
    const T x = norm_input<kSkip>(row, i);
    dx[i] = ((kSwish ? x * sigmoid(x) : x) - m.mean) * m.rstd;
  }
  const T mean = sum_of<T>(row.n, [=](Index i) { return g[i] * row.weight[i]; }) / static_cast<T>(row.n);
  const T slope = sum_of<T>(row.n, [=](Index i) { return g[i] * row.weight[i] * dx[i]; }) / static_cast<T>(row.n);
  for (Index i = 0; i < row.n; ++i) {
    dweight[i] += g[i] * dx[i];
    dbias[i] += g[i];
    dx[i] = m.rstd * (g[i] * row.weight[i] - mean - dx[i] * slope);
  }
  for (Index i = 0; kSwish && i < row.n; ++i) {
    const T x = norm_input<kSkip>(row, i);
    dx[i] *= swish_slope(x, sigmoid(x));
  }
}

template <class T>
RowMoments<T> norm(const NormRow<T>& row, double eps, T* out) {
  if (row.swish) return row.skip ? norm_row<true, true>(row, eps, out) : norm_row<false, true>(row, eps, out);
  return row.skip ? norm_row<true, false>(row, eps, out) : norm_row<false, false>(row, eps, out);
}

template <class T>
void norm_backward(const NormRow<T>& row, RowMoments<T> m, const T* g, T* dx, T* dweight, T* dbias) {
  if (row.swish) {
    if (row.skip)
      norm_row_backward<true, true>(row, m, g, dx, dweight, dbias);
    else
      norm_row_backward<false, true>(row, m, g, dx, dweight, dbias);
  } else {
    if (row.skip)
      norm_row_backward<true, false>(row, m, g, dx, dweight, dbias);
    else
      norm_row_backward<false, false>(row, m, g, dx, dweight, dbias);
  }
}

template <class T>
constexpr NormLoops<T> layer_norm() {
  return {
      .norm = entry<T, norm<T>>,
      .norm_backward = entry<T, norm_backward<T>>,
  };
}

}  // namespace
}  // namespace ad::kernels
