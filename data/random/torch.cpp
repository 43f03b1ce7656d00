#include "torch.h"

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
    for (std::uint64_t i = 0; i + 1 < size; ++i) std::swap(order[i], order[i + generator() % (size - i)]);
    return order;
  }
  for (std::uint64_t i = 0; i < size; ++i) {  // 64 bits, the upper ones first
    const std::uint64_t upper = std::uint64_t{generator()} << 32;
    std::swap(order[i], order[(upper | generator()) % (i + 1)]);
  }
  return order;
}

}  // namespace recvae::data
