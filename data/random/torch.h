#pragma once

#include <cstdint>
#include <vector>

#include "../../autodiff/kernels/api.h"

namespace recvae::data {

/// PyTorch's `randperm(n)` of a CPU generator just seeded with `seed`, value for value: 0 .. n-1 shuffled. (The
/// generator is MT19937, as NumPy's, and uses the low 32 bits of a seed alone.)
RECVAE_API std::vector<std::int64_t> torch_permutation(std::int64_t n, std::uint32_t seed);

}  // namespace recvae::data
