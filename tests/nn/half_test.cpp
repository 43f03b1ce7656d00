#include "nn/half.h"

#include <doctest/doctest.h>

#include <limits>

using ad::nn::Half;

namespace {

Half half_of_bits(unsigned bits) {
  Half half;
  half.bits = static_cast<std::uint16_t>(bits);
  return half;
}

}  // namespace

TEST_CASE("half: each of the 65,536 is the number that the standard says, and comes back") {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    const double sign = bits & 0x8000 ? -1 : 1;
    const Half half = half_of_bits(bits);
    const float value = half;
    REQUIRE(half.is_finite() == (exponent != 31));
    if (exponent == 31 && fraction != 0) {
      REQUIRE(std::isnan(value));
      REQUIRE(std::isnan(static_cast<float>(Half(value))));
      continue;
    }
    const double expected = exponent == 31  ? std::numeric_limits<double>::infinity()
                            : exponent == 0 ? std::ldexp(fraction, -24)
                                            : std::ldexp(1024 + fraction, exponent - 25);
    REQUIRE(value == sign * expected);
    REQUIRE(std::signbit(value) == (sign < 0));
    REQUIRE(Half(value).bits == bits);
  }
}

TEST_CASE("half: between two the nearer one, in the middle the even one") {
  const double most = std::numeric_limits<double>::max();
  for (unsigned bits = 0; bits < 0x7c00; ++bits) {  // the last one's neighbour would be 65536: infinity
    const double below = static_cast<float>(half_of_bits(bits)),
                 above = bits == 0x7bff ? 65536 : static_cast<float>(half_of_bits(bits + 1)),
                 middle = (below + above) / 2;
    for (const double sign : {1.0, -1.0}) {
      const unsigned at = bits | (sign < 0 ? 0x8000 : 0);
      REQUIRE(Half(sign * middle).bits == at + (bits & 1));
      REQUIRE(Half(sign * std::nextafter(middle, 0)).bits == at);
      REQUIRE(Half(sign * std::nextafter(middle, most)).bits == at + 1);
    }
  }
  CHECK(Half(1e-300).bits == 0);
  CHECK(Half(-std::numeric_limits<double>::denorm_min()).bits == 0x8000);
  CHECK(Half(most).bits == 0x7c00);
}
