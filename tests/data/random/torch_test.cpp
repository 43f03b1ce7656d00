#include "data/random/torch.h"

#include <doctest/doctest.h>

using recvae::data::torch_permutation;
using Indices = std::vector<std::int64_t>;

// Expected values: torch.randperm(n, generator=torch.Generator().manual_seed(seed)), PyTorch 2.13.
TEST_CASE("permutations are PyTorch's") {
  CHECK(torch_permutation(10, 0) == Indices{4, 1, 7, 5, 3, 9, 0, 8, 6, 2});
  CHECK(torch_permutation(10, 2020) == Indices{0, 7, 5, 4, 2, 6, 1, 8, 9, 3});
  CHECK(torch_permutation(17, 1337) == Indices{12, 14, 4, 5, 13, 6, 10, 7, 8, 11, 15, 9, 1, 3, 0, 2, 16});
  CHECK(torch_permutation(10, 4294967295u) == Indices{1, 4, 6, 2, 0, 5, 8, 7, 9, 3});
  CHECK(torch_permutation(1, 3) == Indices{0});
  CHECK(torch_permutation(0, 3).empty());
}

TEST_CASE("a long permutation, by a sum over places") {
  const auto order = torch_permutation(100000, 2020);
  CHECK(order[0] == 26720);
  CHECK(order.back() == 10094);
  std::int64_t sum = 0;
  for (std::size_t k = 0; k < order.size(); ++k) sum += order[k] * static_cast<std::int64_t>(k) % 1000003;
  CHECK(sum == 50100999621);
}
