// Random numbers, many at a time.
#pragma once

#include "../random.h"
#include "vectors_level.h"

namespace ad::kernels {
namespace {

/// log of a number in (0, 1), a double that is normal: 2 atanh((m - 1) / (m + 1)) + n log 2, to 1e-14.
AD_INLINE double log_unit(double x) {
  const std::uint64_t shifted = std::bit_cast<std::uint64_t>(x) - 0x3fe6a09e667f3bcdull;
  const double n = static_cast<double>(static_cast<std::int32_t>(static_cast<std::int64_t>(shifted) >> 52));
  const double m = std::bit_cast<double>((shifted & 0x000fffffffffffffull) + 0x3fe6a09e667f3bcdull);
  const double f = (m - 1) / (m + 1), s = f * f;
  double p = 1.0 / 17;
  for (int k = 15; k >= 1; k -= 2) p = p * s + 1.0 / k;
  return n * 0.6931471805599453 + 2 * f * p;
}

template <class T>
void normal_pairs(const RandomKey& k, std::uint64_t first, Index pairs, double std, T* __restrict out) {
  const RandomKey key = k;
  // A counter gives four words, hence two pairs: kLanes counters at a time, from the one that holds `first`.
  for (std::uint64_t counter = first / 2; counter * 2 < first + static_cast<std::uint64_t>(pairs); counter += kLanes) {
    Philox<kLanes> words;
    words.count_from(counter);
    words.run(key);
    T made[2][2][kLanes];  // pair of the counter, element of the pair
    for (int half = 0; half < 2; ++half) {
      for (Index l = 0; l < kLanes; ++l) {
        // Box-Muller. The angle is 2 pi w / 2^32 = quarter * pi / 2 + phi, phi in [-pi / 4, pi / 4).
        const std::uint32_t w = words.c[2 * half + 1][l], quarter = (w + 0x20000000u) >> 30;
        const double radius =
            std * std::sqrt(-2 * log_unit((static_cast<double>(words.c[2 * half][l]) + 0.5) * 0x1p-32));
        const double phi = static_cast<double>(static_cast<std::int32_t>(w - (quarter << 30))) * 1.4629180792671596e-9;
        const double s = phi * phi;
        const double sine =
            phi * (1 + s * (-1.0 / 6 +
                            s * (1.0 / 120 +
                                 s * (-1.0 / 5040 + s * (1.0 / 362880 + s * (-1.0 / 39916800 + s / 6227020800.0))))));
        const double cosine =
            1 + s * (-0.5 + s * (1.0 / 24 + s * (-1.0 / 720 +
                                                 s * (1.0 / 40320 + s * (-1.0 / 3628800 +
                                                                         s * (1.0 / 479001600 - s / 87178291200.0))))));
        const double along = quarter & 1 ? -sine : cosine, across = quarter & 1 ? cosine : sine;
        const double sign = quarter & 2 ? -radius : radius;
        made[half][0][l] = static_cast<T>(sign * along);
        made[half][1][l] = static_cast<T>(sign * across);
      }
    }
    for (Index l = 0; l < kLanes; ++l) {
      for (Index half = 0; half < 2; ++half) {
        const Index pair = static_cast<Index>(2 * counter - first) + 2 * l + half;
        if (pair < 0 || pair >= pairs) continue;
        out[2 * pair] = made[half][0][l];
        out[2 * pair + 1] = made[half][1][l];
      }
    }
  }
}

inline void words(const RandomKey& k, std::uint64_t first, Index n, std::uint32_t* __restrict out) {
  const RandomKey key = k;
  for (std::uint64_t counter = first / 4; counter * 4 < first + static_cast<std::uint64_t>(n); counter += kLanes) {
    Philox<kLanes> made;
    made.count_from(counter);
    made.run(key);
    const Index at = static_cast<Index>(4 * counter - first);  // of the first word made, maybe before `out`
    const Index begin = at < 0 ? -at : 0, end = n - at < 4 * kLanes ? n - at : 4 * kLanes;
    for (Index i = begin; i < end; ++i) out[at + i] = made.c[i % 4][i / 4];
  }
}

inline void words_at(const RandomKey& k, std::uint64_t base, const std::int32_t* columns, Index n, std::uint32_t* out) {
  const RandomKey key = k;
  for (Index i = 0; i < n; i += kLanes) {
    const Index count = n - i < kLanes ? n - i : kLanes;
    std::uint64_t element[kLanes] = {};
    for (Index l = 0; l < count; ++l) element[l] = base + static_cast<std::uint64_t>(columns[i + l]);
    Philox<kLanes> words;
    for (Index l = 0; l < kLanes; ++l) words.count(l, element[l] / 4);
    words.run(key);
    for (Index l = 0; l < count; ++l) out[i + l] = words.c[element[l] % 4][l];
  }
}

template <class T>
constexpr RandomLoops<T> random() {
  return {
      .normal_pairs = normal_pairs<T>,
      .words = words,
      .words_at = words_at,
  };
}

}  // namespace
}  // namespace ad::kernels
