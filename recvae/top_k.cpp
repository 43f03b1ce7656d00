#include "top_k.h"

#include <algorithm>
#include <limits>

namespace recvae {

void top_k(std::span<const float> scores, std::int64_t k, std::vector<Scored>& out) {
  const auto better = [](const Scored& a, const Scored& b) {
    return a.score > b.score || (a.score == b.score && a.item < b.item);
  };
  out.clear();
  const std::size_t limit = std::min(scores.size(), static_cast<std::size_t>(std::max<std::int64_t>(0, k)));
  if (limit == 0) return;
  // A heap whose front is the worst kept. Items come in ascending order, so an equal score never displaces one.
  float threshold = -std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!(scores[i] > threshold)) continue;
    if (out.size() == limit) {
      std::pop_heap(out.begin(), out.end(), better);
      out.pop_back();
    }
    out.push_back({static_cast<std::int32_t>(i), scores[i]});
    std::push_heap(out.begin(), out.end(), better);
    if (out.size() == limit) threshold = out.front().score;
  }
  std::sort_heap(out.begin(), out.end(), better);
}

}  // namespace recvae
