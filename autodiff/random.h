// Counter-based random numbers: element i of a draw depends only on (seed, stream, step, i), never on threads or order.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "kernels/loops.h"
#include "parallel.h"
#include "tensor.h"

namespace ad {

/// Names one draw. Different streams (dropout, noise, shuffling, ...) and different steps are independent.
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;
  std::uint64_t step = 0;
};

/// Philox4x32-10 (Salmon et al., SC 2011) of kLanes counters at a time: four random words for each, c[0..3][lane].
template <Index kLanes>
struct Philox {
  std::uint32_t c[4][kLanes];

  AD_INLINE void count(Index lane, std::uint64_t counter) {
    c[0][lane] = static_cast<std::uint32_t>(counter);
    c[1][lane] = static_cast<std::uint32_t>(counter >> 32);
  }
  AD_INLINE void count_from(std::uint64_t counter) {
    for (Index l = 0; l < kLanes; ++l) count(l, counter + static_cast<std::uint64_t>(l));
  }
  AD_INLINE void run(const RandomKey& key) {
    // The counter has room for 32 bits of the step: those above go into the key, spread over it.
    const std::uint64_t seed = key.seed ^ (key.step >> 32) * 0x9E3779B97F4A7C15;
    std::uint32_t k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
    for (Index l = 0; l < kLanes; ++l) {
      c[2][l] = static_cast<std::uint32_t>(key.step);
      c[3][l] = key.stream;
    }
    for (int round = 0; round < 10; ++round) {
#pragma GCC unroll 1  // a loop for the vectoriser, not sixteen statements
      for (Index l = 0; l < kLanes; ++l) {
        const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0][l], p1 = std::uint64_t{0xCD9E8D57} * c[2][l];
        c[0][l] = static_cast<std::uint32_t>(p1 >> 32) ^ c[1][l] ^ k0;
        c[2][l] = static_cast<std::uint32_t>(p0 >> 32) ^ c[3][l] ^ k1;
        c[1][l] = static_cast<std::uint32_t>(p1);
        c[3][l] = static_cast<std::uint32_t>(p0);
      }
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
  }
};

/// Four random words for a counter of 64 bits under a key.
inline std::array<std::uint32_t, 4> philox(const RandomKey& key, std::uint64_t counter) {
  Philox<1> words;
  words.count(0, counter);
  words.run(key);
  return {words.c[0][0], words.c[1][0], words.c[2][0], words.c[3][0]};
}

/// Uniform in [0, 1), with 32 bits.
inline double to_unit(std::uint32_t word) { return word * 0x1p-32; }

/// Element i of a uniform [0, 1) draw.
inline double uniform(const RandomKey& key, std::uint64_t i) { return to_unit(philox(key, i / 4)[i % 4]); }

/// Elements 2i and 2i + 1 of a standard normal draw: Box-Muller on 64 bits.
inline std::array<double, 2> normal_pair(const RandomKey& key, std::uint64_t i) {
  std::array<double, 2> pair;
  kernels::loops<double>().normal_pairs(key, i, 1, 1, pair.data());
  return pair;
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
