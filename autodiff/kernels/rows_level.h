// Rows added, multiplied and searched.
#pragma once

#include <type_traits>

#include "vectors_level.h"

namespace ad::kernels {
namespace {

template <class T>
T dot(const T* x, const T* y, Index n) {
  return sum_of<T>(n, [=](Index i) { return x[i] * y[i]; });
}

template <class T>
void axpy(T a, const T* __restrict x, T* __restrict y, Index n) {
  for (Index i = 0; i < n; ++i) y[i] += a * x[i];
}

template <class T>
void blend(T a, T* __restrict x, T b, const T* __restrict y, Index n) {
  for (Index i = 0; i < n; ++i) x[i] = a * x[i] + b * y[i];
}

/// Tells the processor that x[0 .. n) will be read soon.
template <class T>
AD_INLINE void prefetch(const T* x, Index n) {
  for (Index i = 0; i < n; i += static_cast<Index>(64 / sizeof(T))) __builtin_prefetch(x + i);
}

template <class T>
void add_rows(const T* values, T scale, const std::int32_t* rows, Index count, const T* __restrict from, Index n,
              T* __restrict y) {
  Index e = 0;
  for (; e + 2 <= count; e += 2) {
    if (e + 3 < count) {
      prefetch(from + rows[e + 2] * n, n);
      prefetch(from + rows[e + 3] * n, n);
    }
    const T *a = from + rows[e] * n, *b = from + rows[e + 1] * n;
    const T p = values ? scale * values[e] : scale, q = values ? scale * values[e + 1] : scale;
    for (Index i = 0; i < n; ++i) y[i] += p * a[i] + q * b[i];
  }
  if (e < count) axpy(values ? scale * values[e] : scale, from + rows[e] * n, y, n);
}

template <class T>
void column_sums(const T* __restrict x, Index rows, Index stride, Index n, double* __restrict sums) {
  for (Index j = 0; j < n; ++j) sums[j] = 0;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < n; ++j) sums[j] += static_cast<double>(x[i * stride + j]);
  }
}

template <class T>
void moments_but(const T* x, Index n, T skipped, T shift, T* out) {
  T count[kLanes] = {}, sum[kLanes] = {}, squares[kLanes] = {};
  const auto add = [&](Index lane, T value) {
    const T counted = value != skipped ? T(1) : T(0), d = value != skipped ? value - shift : T(0);
    count[lane] += counted;
    sum[lane] += d;
    squares[lane] += d * d;
  };
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (Index l = 0; l < kLanes; ++l) add(l, x[i + l]);
  }
  for (; i < n; ++i) add(0, x[i]);
  out[0] = sum_lanes(count);
  out[1] = sum_lanes(sum);
  out[2] = sum_lanes(squares);
}

/// Which of 32 x[i] are above the bound: bit i of the result.
template <class T>
AD_INLINE std::uint32_t mask_above(const T* x, T bound) {
  using Vector = typename VectorOf<T>::type;
  constexpr Index kWidth = VectorOf<T>::kWidth;
  using Mask = decltype(Vector{} > Vector{});
  using Lane = std::remove_cvref_t<decltype(Mask{}[0])>;
  Mask bits = {}, bit;  // of one lane each
  Lane lane[kWidth];
  for (Index l = 0; l < kWidth; ++l) lane[l] = Lane{1} << l;
  __builtin_memcpy(&bit, lane, sizeof bit);
  for (Index i = 0; i < 32; i += kWidth, bit <<= kWidth) {
    Vector v;
    __builtin_memcpy(&v, x + i, sizeof v);
    bits |= (v > bound) & bit;
  }
  std::uint64_t word[sizeof bits / sizeof(std::uint64_t)], all = 0;
  __builtin_memcpy(word, &bits, sizeof bits);
  for (const std::uint64_t w : word) all |= w;
  return static_cast<std::uint32_t>(all | all >> 32);
}

template <class T>
Index above(const T* x, Index n, T bound, std::int32_t* positions) {
  Index found = 0, i = 0;
  for (; i + 32 <= n; i += 32) {
    for (std::uint32_t mask = mask_above(x + i, bound); mask != 0; mask &= mask - 1)
      positions[found++] = static_cast<std::int32_t>(i) + __builtin_ctz(mask);
  }
  for (; i < n; ++i) {
    if (x[i] > bound) positions[found++] = static_cast<std::int32_t>(i);
  }
  return found;
}

template <class T>
constexpr RowLoops<T> rows() {
  return {
      .dot = entry<T, dot<T>>,
      .axpy = entry<T, axpy<T>>,
      .blend = entry<T, blend<T>>,
      .add_rows = entry<T, add_rows<T>>,
      .column_sums = entry<T, column_sums<T>>,
      .moments_but = entry<T, moments_but<T>>,
      .above = entry<T, above<T>>,
  };
}

}  // namespace
}  // namespace ad::kernels
