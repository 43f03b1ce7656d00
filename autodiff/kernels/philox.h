// The generator behind all random numbers.
#pragma once

#include <array>
#include <cstdint>

#include "../tensor.h"
#include "level.h"

namespace ad {

/// Names one draw. Different streams (dropout, noise, shuffling, ...) and different steps are independent.
struct RandomKey {
  std::uint64_t seed = 0;    ///< of the run
  std::uint32_t stream = 0;  ///< which use: a layer, a mask, noise
  std::uint64_t step = 0;    ///< which draw of it
};

/// Philox4x32-10 (Salmon et al., SC 2011) of kLanes counters at a time: four random words for each, c[0..3][lane].
template <Index kLanes>
struct Philox {
  std::uint32_t c[4][kLanes];  ///< counters, then words

  /// Sets the counter of one lane.
  AD_INLINE void count(Index lane, std::uint64_t counter) {
    c[0][lane] = static_cast<std::uint32_t>(counter);
    c[1][lane] = static_cast<std::uint32_t>(counter >> 32);
  }
  /// Sets those of all lanes: counter, counter + 1, ...
  AD_INLINE void count_from(std::uint64_t counter) {
    for (Index l = 0; l < kLanes; ++l) count(l, counter + static_cast<std::uint64_t>(l));
  }
  /// Turns counters into words.
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

}  // namespace ad
