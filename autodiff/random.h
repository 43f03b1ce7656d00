// Counter-based random numbers: element i of a draw depends only on (seed, stream, step, i), never on threads or order.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/loops.h"
#include "kernels/philox.h"
#include "parallel.h"
#include "tensor.h"

namespace ad {

/// Uniform in [0, 1), with 32 bits.
inline double to_unit(std::uint32_t word) { return word * 0x1p-32; }

/// Element i of a uniform [0, 1) draw.
inline double uniform(const RandomKey& key, std::uint64_t i) { return to_unit(philox(key, i / 4)[i % 4]); }

/// Fills `out` with N(0, std^2): Box-Muller on 64 bits for each pair of elements.
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
