// Initial weights, as PyTorch draws them (its distributions, not its bits).
#pragma once

#include <array>
#include <cmath>

#include "../autodiff/random.h"

namespace ad::nn {

/// torch.nn.Linear's default, of weight and bias: uniform on +-1 / sqrt(fan_in).
template <class T>
void init_torch(Matrix<T> m, Index fan_in, RandomKey key) {
  const double bound = fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0;
  fill_uniform(m, -bound, bound, key);
}

/// Xavier (Glorot) normal: N(0, 2 / (fan_in + fan_out)).
template <class T>
void init_xavier_normal(Matrix<T> m, Index fan_in, Index fan_out, RandomKey key) {
  fill_normal(m, std::sqrt(2.0 / static_cast<double>(fan_in + fan_out)), key);
}

/// Xavier (Glorot) uniform, of the same variance: +-sqrt(6 / (fan_in + fan_out)).
template <class T>
void init_xavier_uniform(Matrix<T> m, Index fan_in, Index fan_out, RandomKey key) {
  const double bound = std::sqrt(6.0 / static_cast<double>(fan_in + fan_out));
  fill_uniform(m, -bound, bound, key);
}

/// How a layer's fresh weights are drawn.
enum class Init {
  torch,           ///< PyTorch's default: weight and bias uniform on +-1 / sqrt(fan_in)
  xavier_normal,   ///< weight Xavier-normal, bias 0 (RecBole's)
  xavier_uniform,  ///< weight Xavier-uniform, bias 0 (Liang et al.'s)
  zero,            ///< nothing drawn: for weights that are read from a file
};

/// A seed that deals out streams, two to a layer: layers that are made of one Seed, passed by reference, are no twins.
class Seed {
 public:
  /// Of `value`, the first layer that is made of it having this number.
  Seed(std::uint64_t value, std::uint32_t first_layer = 0) : value_(value), layer_(first_layer) {}
  Seed(const Seed&) = delete;  // a copy would deal out the same streams
  Seed& operator=(const Seed&) = delete;

  /// Keys of the next layer's weight and bias: streams 2k and 2k + 1, k being its number.
  std::array<RandomKey, 2> next() {
    const std::uint32_t k = 2 * layer_++;
    return {RandomKey{.seed = value_, .stream = k}, RandomKey{.seed = value_, .stream = k + 1}};
  }

 private:
  std::uint64_t value_;
  std::uint32_t layer_;
};

/// Fills a weight (as it lies, transposed or not) and its bias.
template <class T>
void init_linear(Matrix<T> weight, Matrix<T> bias, Index in, Index out, Init init, Seed& seed) {
  const auto [weight_key, bias_key] = seed.next();
  if (init == Init::torch) {
    init_torch(weight, in, weight_key);
    init_torch(bias, in, bias_key);
  } else {
    if (init == Init::xavier_normal)
      init_xavier_normal(weight, in, out, weight_key);
    else if (init == Init::xavier_uniform)
      init_xavier_uniform(weight, in, out, weight_key);
    else
      std::fill(weight.data, weight.data + weight.size(), T(0));
    std::fill(bias.data, bias.data + bias.size(), T(0));
  }
}

}  // namespace ad::nn
