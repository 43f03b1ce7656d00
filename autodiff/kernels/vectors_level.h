// What the families share: vectors, sums in lanes, the entries of tables. For loops_level.cpp alone, as all *_level.h.
#pragma once

#include "loops.h"

namespace ad::kernels {
namespace {

// Reductions keep this many partial results, in a fixed order: what lets the compiler vectorise them.
constexpr Index kLanes = 16;

template <class T>
AD_INLINE T sum_lanes(T (&lane)[kLanes]) {
  for (Index half = kLanes / 2; half > 0; half /= 2) {
    for (Index l = 0; l < half; ++l) lane[l] += lane[l + half];
  }
  return lane[0];
}

// The width of a vector register. Written out where compilers do not find the vectors themselves: maxima.
#if defined(__AVX512F__)
constexpr Index kVectorBytes = 64;
#elif defined(__AVX__)
constexpr Index kVectorBytes = 32;
#else
constexpr Index kVectorBytes = 16;
#endif
template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
  static constexpr Index kWidth = kVectorBytes / static_cast<Index>(sizeof(T));
};

/// sum_i f(i)
template <class T, class F>
AD_INLINE T sum_of(Index n, F f) {
  T lane[kLanes] = {};
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (Index l = 0; l < kLanes; ++l) lane[l] += f(i + l);
  }
  for (; i < n; ++i) lane[0] += f(i);
  return sum_lanes(lane);
}

/// A loop as a table holds it: in float with denormals as zeros, in double as it is.
template <auto kLoop, class R, class... Arguments>
constexpr auto flushing(R (*)(Arguments...)) {
  return +[](Arguments... arguments) -> R {
    const FlushDenormals flush;
    return kLoop(arguments...);
  };
}
template <class T, auto kLoop>
constexpr auto entry = sizeof(T) == sizeof(float) ? flushing<kLoop>(kLoop) : kLoop;

}  // namespace
}  // namespace ad::kernels
