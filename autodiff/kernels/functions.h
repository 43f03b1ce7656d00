// Functions of one number that loops for vector units call.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "level.h"

namespace ad::kernels {

/// e^x without branches, so that loops over it vectorise. Cody-Waite reduction and a degree-7 polynomial; at most 2 ulp
/// from -87 to the overflow, gradual underflow below, 0 under -104, NaN stays NaN.
AD_INLINE float exp(float x) {
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer in the low bits
  const float shifted = x * 1.44269504f + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;  // minimax on +-log(2)/2 (the coefficients of Cephes' expf)
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2^n in two factors, as n runs from -150 to 128.
  const std::uint32_t whole = std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(kRound);
  const std::uint32_t half = static_cast<std::uint32_t>(static_cast<std::int32_t>(whole) >> 1);
  const float low = std::bit_cast<float>((half + 127u) << 23);
  const float high = std::bit_cast<float>((whole - half + 127u) << 23);
  return p * low * high;
}
AD_INLINE double exp(double x) { return std::exp(x); }

/// The natural logarithm of a positive normal number, without branches; at most 2 ulp. Other arguments: unspecified.
AD_INLINE float log(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  // x = m 2^n with m in [sqrt(1/2), sqrt(2))
  const std::uint32_t shifted = bits - 0x3f3504f3u;
  const float n = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
  const float r = std::bit_cast<float>((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  float p = 7.0376836292e-2f;  // minimax (the coefficients of Cephes' logf)
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  const float square = r * r;
  return n * 0.693359375f + (r + (p * r * square - 0.5f * square + n * -2.12194440e-4f));
}
AD_INLINE double log(double x) { return std::log(x); }

/// 1 / (1 + e^-x)
template <class T>
AD_INLINE T sigmoid(T x) {
  return T(1) / (T(1) + exp(-x));
}

}  // namespace ad::kernels
