#include "data/random/numpy.h"

#include <doctest/doctest.h>

using recvae::data::NumpyRandom;
using Indices = std::vector<std::int64_t>;

// Expected values: np.random.RandomState(seed), the calls in this order.
TEST_CASE("permutation and choice are NumPy's") {
  NumpyRandom zero(0);
  CHECK(zero.permutation(10) == Indices{2, 8, 4, 9, 1, 6, 7, 3, 0, 5});
  CHECK(zero.choice(17, 5) == Indices{5, 2, 3, 16, 11});
  CHECK(zero.permutation(1) == Indices{0});
  CHECK(zero.choice(5, 1) == Indices{2});
  NumpyRandom split(98765);
  CHECK(split.permutation(10) == Indices{8, 7, 1, 2, 0, 6, 9, 4, 3, 5});
  CHECK(split.choice(17, 5) == Indices{4, 14, 5, 11, 3});
  NumpyRandom last(4294967295u);
  CHECK(last.permutation(10) == Indices{6, 9, 5, 1, 8, 0, 7, 4, 2, 3});
  CHECK(last.choice(17, 5) == Indices{2, 8, 3, 0, 4});
  CHECK(last.permutation(0).empty());
}

TEST_CASE("a long permutation, by a sum over places") {
  const auto order = NumpyRandom(98765).permutation(100000);
  CHECK(order[0] == 26379);
  CHECK(order.back() == 3861);
  std::int64_t sum = 0;
  for (std::size_t k = 0; k < order.size(); ++k) sum += order[k] * static_cast<std::int64_t>(k) % 1000003;
  CHECK(sum == 50009238717);
}
