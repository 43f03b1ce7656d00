// Numbers of 16 bits in weight files. Private to safetensors.cpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace ad::nn {

/// IEEE 754's binary16: 5 bits of exponent, 10 of fraction.
struct Half {
  std::uint16_t bits = 0;

  Half() = default;
  /// The nearest one; of two that are as near, that whose last bit is 0. From 65520 on that is infinity; NaN stays NaN.
  explicit Half(double value) {
    const double size = std::abs(value);
    std::uint64_t n = 0x7c00;
    if (size < 65520) {
      // Below 2^-14 the unit in the last place is that of 2^-14.
      const int exponent = std::max(static_cast<int>(std::bit_cast<std::uint64_t>(size) >> 52) - 1023, -14);
      const double per_unit = std::bit_cast<double>(static_cast<std::uint64_t>(1023 + 10 - exponent) << 52);
      // From 2^52 on the unit of a double is 1: adding rounds. The leading 1 of `units` counts as one more exponent.
      constexpr double kWhole = 0x1p52;
      const auto units = std::bit_cast<std::uint64_t>(size * per_unit + kWhole) - std::bit_cast<std::uint64_t>(kWhole);
      n = (static_cast<std::uint64_t>(exponent + 14) << 10) + units;
    } else if (std::isnan(size)) {
      n = 0x7e00;
    }
    bits = static_cast<std::uint16_t>(n | (std::signbit(value) ? 0x8000 : 0));
  }

  /// Exactly this number. Without branches, for loops over many.
  operator float() const {
    const std::int32_t size = bits & 0x7fff;
    const auto small = std::bit_cast<std::int32_t>(static_cast<float>(size) * 0x1p-24f);  // multiples of the smallest
    const std::int32_t large = (size << 13) + (size < 0x7c00 ? 112 << 23 : 224 << 23);
    return std::bit_cast<float>((size < 0x400 ? small : large) | (bits & 0x8000) << 16);
  }

  bool is_finite() const { return (bits & 0x7c00) != 0x7c00; }
};

}  // namespace ad::nn
