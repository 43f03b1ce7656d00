#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "../../autodiff/kernels/api.h"

namespace recvae::data {

/// NumPy's legacy `RandomState(seed)`, value for value: MT19937 seeded by init_genrand, and bounded integers by masked
/// rejection. (`std::mt19937` is that generator, seeding included, on every standard library.)
class RECVAE_API NumpyRandom {
 public:
  explicit NumpyRandom(std::uint32_t seed) : generator_(seed) {}  ///< as numpy.random.seed(seed)

  /// `permutation(n)`: 0 .. n-1 shuffled.
  std::vector<std::int64_t> permutation(std::int64_t n);

  /// `choice(n, size, replace=False)`: it too permutes all n. size is in [0, n].
  std::vector<std::int64_t> choice(std::int64_t n, std::int64_t size);

 private:
  std::uint64_t interval(std::uint64_t largest);  // in [0, largest]
  std::mt19937 generator_;
};

}  // namespace recvae::data
