#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "autodiff/kernels.h"

namespace {
// Distance of a float from the exact value, in units of the last place of the exact value.
double ulps(float got, long double exact) {
  const float nearest = static_cast<float>(exact);
  const float unit = std::nextafter(std::abs(nearest), std::numeric_limits<float>::infinity()) - std::abs(nearest);
  return static_cast<double>(std::abs(static_cast<long double>(got) - exact) / unit);
}
}  // namespace

TEST_CASE("exp: at most 2 ulp over the whole range, in loops and alone") {
  double worst = 0;
  constexpr int n = 64;
  for (float x = -87.0f; x < 88.7f; x += 0.00171f * n) {
    float block[n];
    for (int i = 0; i < n; ++i) block[i] = x + 0.00171f * static_cast<float>(i);
    float inputs[n];
    std::copy(block, block + n, inputs);
    ad::kernels::exp_scale(block, n, 0.0f, 1.0f);
    for (int i = 0; i < n && inputs[i] < 88.7f; ++i) {
      worst = std::max(worst, ulps(block[i], std::exp(static_cast<long double>(inputs[i]))));
      worst = std::max(worst, ulps(ad::kernels::exp(inputs[i]), std::exp(static_cast<long double>(inputs[i]))));
    }
  }
  CHECK(worst <= 2);
  MESSAGE("largest error of exp: " << worst << " ulp");
}

TEST_CASE("exp: exact at 0, limits, gradual underflow, NaN") {
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(ad::kernels::exp(0.0f) == 1);
  CHECK(ad::kernels::exp(-0.0f) == 1);
  CHECK(ad::kernels::exp(-inf) == 0);
  CHECK(ad::kernels::exp(-200.0f) == 0);
  CHECK(ad::kernels::exp(inf) == inf);
  CHECK(ad::kernels::exp(89.0f) == inf);
  CHECK(std::isfinite(ad::kernels::exp(88.72f)));
  CHECK(std::abs(ad::kernels::exp(-100.0f) - std::exp(-100.0f)) <= 2 * std::numeric_limits<float>::denorm_min());
  CHECK(std::isnan(ad::kernels::exp(std::numeric_limits<float>::quiet_NaN())));
}

TEST_CASE_TEMPLATE("vector kernels against plain loops, at lengths around the vector width", T, float, double) {
  for (ad::Index n : {0, 1, 15, 16, 17, 31, 100}) {
    std::vector<T> x(static_cast<std::size_t>(n)), y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<T>(std::sin(3.0 * static_cast<double>(i)));
      y[i] = static_cast<T>(std::cos(5.0 * static_cast<double>(i)));
    }
    double dot = 0, sum = 0, top = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < x.size(); ++i) {
      dot += static_cast<double>(x[i]) * y[i];
      sum += std::exp(static_cast<double>(x[i]) - 0.25);
      top = std::max(top, static_cast<double>(x[i]));
    }
    CHECK(ad::kernels::row_max(x.data(), n) == static_cast<T>(top));
    CHECK(ad::kernels::dot(x.data(), y.data(), n) == doctest::Approx(dot).epsilon(1e-5));
    std::vector<T> e = x;
    CHECK(ad::kernels::exp_sum(e.data(), n, T(0.25)) == doctest::Approx(sum).epsilon(1e-5));
    for (std::size_t i = 0; i < x.size(); ++i)
      CHECK(e[i] == doctest::Approx(std::exp(static_cast<double>(x[i]) - 0.25)).epsilon(1e-6));
    ad::kernels::axpy(T(2), x.data(), y.data(), n);
    for (std::size_t i = 0; i < x.size(); ++i)
      CHECK(y[i] == doctest::Approx(std::cos(5.0 * static_cast<double>(i)) + 2.0 * x[i]).epsilon(1e-5));
  }
}
