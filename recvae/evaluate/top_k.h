// The best k of a row of scores.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../../autodiff/kernels/api.h"

namespace recvae {

/// An item and its score.
struct Scored {
  std::int32_t item;  ///< its index
  float score;        ///< the larger the better
};

/// The k best items, best first; of equal scores the lower item. Items of score -inf (masked) and NaN never enter, so
/// the list may be shorter than k. Reuses the memory of `out`.
RECVAE_API void top_k(std::span<const float> scores, std::int64_t k, std::vector<Scored>& out);

/// The same of scores that come a piece at a time.
class RECVAE_API TopK {
 public:
  explicit TopK(std::int64_t k);  ///< of so many

  /// Takes the scores of items first, first + 1, .. Items ascend from call to call.
  void add(std::int32_t first, std::span<const float> scores);
  /// Takes what another list has kept, whose items are all others.
  void merge(const TopK& other);
  /// The list.
  void take(std::vector<Scored>& out);

 private:
  void prune();

  std::size_t k_, slack_;
  float threshold_ = -std::numeric_limits<float>::infinity();  // k are kept that are no worse
  // The k best so far and a few more, each as a number that is the larger, the better the item: the score's bits in the
  // order of scores, then the complement of the item.
  std::vector<std::uint64_t> kept_;
};

}  // namespace recvae
