#include "top_k.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <utility>

#include "../../autodiff/kernels/loops.h"

namespace recvae {
namespace {

constexpr std::uint32_t kSign = 0x80000000;

std::uint64_t rank_of(std::int32_t item, float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0f);  // -0 is 0
  const std::uint32_t order = bits ^ (bits & kSign ? ~0u : kSign);
  return std::uint64_t{order} << 32 | ~static_cast<std::uint32_t>(item);
}

Scored scored_of(std::uint64_t rank) {
  const auto order = static_cast<std::uint32_t>(rank >> 32);
  return {static_cast<std::int32_t>(~static_cast<std::uint32_t>(rank)),
          std::bit_cast<float>(order ^ (order & kSign ? kSign : ~0u))};
}

}  // namespace

TopK::TopK(std::int64_t k)
    : k_(static_cast<std::size_t>(std::clamp<std::int64_t>(k, 0, std::numeric_limits<std::int32_t>::max()))),
      slack_(k_ + 64) {}

void TopK::add(std::int32_t first, std::span<const float> scores) {
  if (k_ == 0) return;
  constexpr std::size_t kPiece = 256;
  std::int32_t positions[kPiece];
  const auto above = ad::kernels::loops<float>().above;
  for (std::size_t begin = 0; begin < scores.size(); begin += kPiece) {
    const std::span<const float> piece = scores.subspan(begin, std::min(kPiece, scores.size() - begin));
    // Items ascend, so an equal score never displaces one.
    const ad::Index found = above(piece.data(), std::ssize(piece), threshold_, positions);
    for (ad::Index i = 0; i < found; ++i) {
      const std::int32_t item = first + static_cast<std::int32_t>(begin) + positions[i];
      kept_.push_back(rank_of(item, piece[static_cast<std::size_t>(positions[i])]));
    }
    if (kept_.size() >= k_ + slack_) prune();
  }
}

void TopK::merge(const TopK& other) {
  kept_.insert(kept_.end(), other.kept_.begin(), other.kept_.end());
  if (kept_.size() >= k_ + slack_) prune();
}

void TopK::take(std::vector<Scored>& out) {
  std::sort(kept_.begin(), kept_.end(), std::greater<>());
  kept_.resize(std::min(kept_.size(), k_));
  out.clear();
  std::transform(kept_.begin(), kept_.end(), std::back_inserter(out), scored_of);
}

// Hoare's selection, until few more than k are left. The loop over the numbers has no branch that could be guessed
// wrong.
void TopK::prune() {
  std::size_t begin = 0, end = kept_.size();  // the k-th lies between: before are better ones, behind are worse ones
  for (;;) {
    std::swap(kept_[begin + (end - begin) / 2], kept_[end - 1]);
    const std::uint64_t pivot = kept_[end - 1];
    std::size_t middle = begin;  // of those that are better than the pivot
    for (std::size_t i = begin; i + 1 < end; ++i) {
      const std::uint64_t rank = kept_[i];
      kept_[i] = kept_[middle];
      kept_[middle] = rank;
      middle += rank > pivot ? 1 : 0;
    }
    std::swap(kept_[middle], kept_[end - 1]);
    if (middle + 1 < k_) {
      begin = middle + 1;
      continue;
    }
    end = middle + 1;
    if (end > k_ + slack_ / 8) {
      end = middle;
      continue;
    }
    threshold_ = scored_of(pivot).score;
    return kept_.resize(end);
  }
}

void top_k(std::span<const float> scores, std::int64_t k, std::vector<Scored>& out) {
  TopK best(k);
  best.add(0, scores);
  best.take(out);
}

}  // namespace recvae
