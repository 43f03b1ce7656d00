// Initial weights, as PyTorch draws them (its distributions, not its bits).
#pragma once

#include <cmath>

#include "../autodiff/random.h"

namespace ad::nn {

/// torch.nn.Linear's default, of weight and bias: uniform on +-1 / sqrt(fan_in).
template <class T>
void init_torch(Matrix<T> m, Index fan_in, RandomKey key) {
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  fill_uniform(m, -bound, bound, key);
}

/// Xavier (Glorot) normal: N(0, 2 / (fan_in + fan_out)).
template <class T>
void init_xavier_normal(Matrix<T> m, Index fan_in, Index fan_out, RandomKey key) {
  fill_normal(m, std::sqrt(2.0 / static_cast<double>(fan_in + fan_out)), key);
}

/// How a layer's fresh weights are drawn.
enum class Init {
  torch,          ///< PyTorch's default: weight and bias uniform on +-1 / sqrt(fan_in)
  xavier_normal,  ///< weight Xavier-normal, bias 0 (RecBole's)
  zero,           ///< nothing drawn: for weights that are read from a file
};

/// Fills a weight (any layout) and its bias. Streams 2k and 2k + 1 of the seed, k being the layer's number.
template <class T>
void init_linear(Matrix<T> weight, Matrix<T> bias, Index in, Index out, Init init, std::uint64_t seed,
                 std::uint32_t layer) {
  const RandomKey weight_key{.seed = seed, .stream = 2 * layer}, bias_key{.seed = seed, .stream = 2 * layer + 1};
  if (init == Init::torch) {
    init_torch(weight, in, weight_key);
    init_torch(bias, in, bias_key);
  } else {
    if (init == Init::xavier_normal)
      init_xavier_normal(weight, in, out, weight_key);
    else
      std::fill(weight.data, weight.data + weight.size(), T(0));
    std::fill(bias.data, bias.data + bias.size(), T(0));
  }
}

}  // namespace ad::nn
