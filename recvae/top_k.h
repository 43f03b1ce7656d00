// The best k of a row of scores.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace recvae {

struct Scored {
  std::int32_t item;
  float score;
};

/// The k best items, best first; of equal scores the lower item. Items of score -inf (masked) and NaN never enter, so
/// the list may be shorter than k. Reuses the memory of `out`.
void top_k(std::span<const float> scores, std::int64_t k, std::vector<Scored>& out);

}  // namespace recvae
