#include "torch.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <random>
#include <utility>

namespace recvae::data {

std::vector<std::int64_t> torch_permutation(std::int64_t n, std::uint32_t seed) {
  const auto size = static_cast<std::uint64_t>(n);
  std::mt19937 generator(seed);
  std::vector<std::int64_t> order(size);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (size < 0xffffffffu / 20) {
    std::uint64_t others[64];  // drawn ahead, so that their cache lines are under way
    for (std::uint64_t i = 0; i + 1 < size;) {
      const std::uint64_t count = std::min<std::uint64_t>(std::size(others), size - 1 - i);
      for (std::uint64_t k = 0; k < count; ++k) {
        others[k] = i + k + generator() % (size - i - k);
        __builtin_prefetch(&order[others[k]], 1);
      }
      for (std::uint64_t k = 0; k < count; ++k, ++i) std::swap(order[i], order[others[k]]);
    }
    return order;
  }
  for (std::uint64_t i = 0; i < size; ++i) {  // 64 bits, the upper ones first
    const std::uint64_t upper = std::uint64_t{generator()} << 32;
    std::swap(order[i], order[(upper | generator()) % (i + 1)]);
  }
  return order;
}

}  // namespace recvae::data
