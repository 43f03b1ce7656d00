#include "numpy.h"

#include <bit>
#include <numeric>
#include <utility>

namespace recvae::data {

std::uint64_t NumpyRandom::interval(std::uint64_t largest) {
  if (largest == 0) return 0;  // draws nothing
  const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero(largest);
  for (;;) {
    std::uint64_t value = generator_();
    if (largest > 0xffffffffu) value = value << 32 | generator_();
    if ((value & mask) <= largest) return value & mask;
  }
}

std::vector<std::int64_t> NumpyRandom::permutation(std::int64_t n) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t i = order.size(); i-- > 1;) std::swap(order[i], order[interval(i)]);
  return order;
}

std::vector<std::int64_t> NumpyRandom::choice(std::int64_t n, std::int64_t size) {
  auto order = permutation(n);
  order.resize(static_cast<std::size_t>(size));
  return order;
}

}  // namespace recvae::data
