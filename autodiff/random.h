// Counter-based random numbers: element i of a draw depends only on (seed, stream, step, i), never on threads or order.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "kernels/kernels.h"
#include "parallel.h"
#include "tensor.h"

namespace ad {

/// Names one draw. Different streams (dropout, noise, shuffling, ...) and different steps are independent.
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;
  std::uint64_t step = 0;  ///< below 2^32
};

/// Philox4x32-10 (Salmon et al., SC 2011): four random words for a counter of 64 bits under a key.
inline std::array<std::uint32_t, 4> philox(const RandomKey& key, std::uint64_t counter) {
  std::uint32_t c0 = static_cast<std::uint32_t>(counter), c1 = static_cast<std::uint32_t>(counter >> 32);
  std::uint32_t c2 = static_cast<std::uint32_t>(key.step), c3 = key.stream;
  std::uint32_t k0 = static_cast<std::uint32_t>(key.seed), k1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c0, p1 = std::uint64_t{0xCD9E8D57} * c2;
    const std::uint32_t n0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
    const std::uint32_t n2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<std::uint32_t>(p1);
    c3 = static_cast<std::uint32_t>(p0);
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return {c0, c1, c2, c3};
}

/// Uniform in [0, 1), with 32 bits.
inline double to_unit(std::uint32_t word) { return word * 0x1p-32; }

/// Element i of a uniform [0, 1) draw.
inline double uniform(const RandomKey& key, std::uint64_t i) { return to_unit(philox(key, i / 4)[i % 4]); }

/// Elements 2i and 2i + 1 of a standard normal draw: Box-Muller on 64 bits.
inline std::array<double, 2> normal_pair(const RandomKey& key, std::uint64_t i) {
  const auto words = philox(key, i / 2);
  const std::size_t at = 2 * (i % 2);
  const double radius = std::sqrt(-2 * std::log((words[at] + 0.5) * 0x1p-32));
  const double angle = 2 * std::numbers::pi * to_unit(words[at + 1]);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

/// Fills `out` with N(0, std^2): std times the pairs of normal_pair(), rounded.
template <class T>
void fill_normal(Matrix<T> out, double std, const RandomKey& key) {
  const Index pairs = out.size() / 2;
  parallel_chunks(pairs, 4096, [&](Index begin, Index end) {
    kernels::loops<T>().normal_pairs(key, static_cast<std::uint64_t>(begin), end - begin, std, out.data + 2 * begin);
  });
  if (out.size() % 2 != 0) {
    T last[2];
    kernels::loops<T>().normal_pairs(key, static_cast<std::uint64_t>(pairs), 1, std, last);
    out.data[2 * pairs] = last[0];
  }
}

/// Calls f(i, word) for the elements i of [begin, end), in order, with the 32 random bits that uniform() makes of each.
template <class F>
void for_words(const RandomKey& key, Index begin, Index end, F f) {
  constexpr Index kBlock = 256;
  std::uint32_t words[kBlock];
  for (Index first = begin; first < end; first += kBlock) {
    const Index n = std::min(kBlock, end - first);
    kernels::loops<float>().words(key, static_cast<std::uint64_t>(first), n, words);
    for (Index k = 0; k < n; ++k) f(first + k, words[k]);
  }
}

/// Fills `out` with the uniform distribution on [low, high).
template <class T>
void fill_uniform(Matrix<T> out, double low, double high, const RandomKey& key) {
  parallel_chunks(out.size(), 4096, [&](Index begin, Index end) {
    for_words(key, begin, end,
              [&](Index i, std::uint32_t word) { out.data[i] = static_cast<T>(low + (high - low) * to_unit(word)); });
  });
}

}  // namespace ad
