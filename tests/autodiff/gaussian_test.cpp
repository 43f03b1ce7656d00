#include "../support/check_op.h"

using test::random_tensor;

TEST_CASE("gaussian_log_density: gradients, broadcasting, errors") {
  const auto op = [](auto&, auto in) { return ad::gaussian_log_density(in[0], in[1], in[2]); };
  const auto z = random_tensor(3, 5, -2, 2, 1);
  const test::Inputs bad1 = {z, random_tensor(3, 4, 0, 1, 1), z}, bad2 = {z, z, random_tensor(2, 5, 0, 1, 1)};
  test::check_op("gaussian_log_density", op, {z, random_tensor(3, 5, -2, 2, 2), random_tensor(3, 5, -1, 1, 3)},
                 {bad1, bad2});
  test::check_op("gaussian_log_density", op, {z, random_tensor(1, 5, -2, 2, 2), random_tensor(1, 1, -1, 1, 3)});
  test::check_op("gaussian_log_density", op, {z, random_tensor(3, 1, -2, 2, 2), random_tensor(1, 5, -1, 1, 3)});
}

TEST_CASE("gaussian_log_density: closed forms, also at extreme variances") {
  ad::Tape<double> tape;
  const auto density = [&](double z, double mu, double logvar) {
    const auto scalar = [&](double v) { return tape.constant(ad::Tensor<double>(1, 1, {v})); };
    return ad::gaussian_log_density(scalar(z), scalar(mu), scalar(logvar)).value()(0, 0);
  };
  CHECK(density(0, 0, 0) == doctest::Approx(-0.91893853320467274).epsilon(1e-15));
  CHECK(density(3, 1, std::log(4.0)) == doctest::Approx(-0.91893853320467274 - std::log(2.0) - 0.5).epsilon(1e-15));
  CHECK(density(2, 0, 10) == doctest::Approx(-0.91893853320467274 - 5 - 2 * std::exp(-10.0)).epsilon(1e-15));
  CHECK(density(1e-4, 0, -20) == doctest::Approx(-0.91893853320467274 + 10 - 0.5e-8 * std::exp(20.0)).epsilon(1e-14));
}

TEST_CASE("gaussian_kl: gradients, broadcasting, errors") {
  const auto op = [](auto&, auto in) { return ad::gaussian_kl(in[0], in[1], in[2], in[3]); };
  const auto mu = random_tensor(3, 5, -2, 2, 1), logvar = random_tensor(3, 5, -1, 1, 2);
  const test::Inputs bad1 = {mu, random_tensor(1, 5, -1, 1, 2), mu, mu},
                     bad2 = {mu, mu, random_tensor(3, 4, 0, 1, 1), mu},
                     bad3 = {mu, mu, mu, random_tensor(2, 5, 0, 1, 1)};
  test::check_op("gaussian_kl", op, {mu, logvar, random_tensor(3, 5, -2, 2, 3), random_tensor(3, 5, -1, 1, 4)},
                 {bad1, bad2, bad3});
  test::check_op("gaussian_kl", op, {mu, logvar, random_tensor(1, 5, -2, 2, 3), random_tensor(3, 1, -1, 1, 4)});
}

TEST_CASE("gaussian_kl is the mean of the densities' logarithms over the first Gaussian") {
  ad::Tape<double> tape;
  const auto scalar = [&](double v) { return tape.constant(ad::Tensor<double>(1, 1, {v})); };
  const auto kl = [&](double mu, double logvar, double mu_p, double logvar_p) {
    return ad::gaussian_kl(scalar(mu), scalar(logvar), scalar(mu_p), scalar(logvar_p)).value()(0, 0);
  };
  CHECK(kl(0.3, -1.2, 0.3, -1.2) == doctest::Approx(0).epsilon(1e-15));
  CHECK(kl(2, std::log(4.0), 0, 0) == doctest::Approx((4 + 4 - 1 - std::log(4.0)) / 2).epsilon(1e-15));
  double sum = 0, weights = 0;  // by the trapezoidal rule
  for (double z = -12; z <= 12; z += 1e-2) {
    const auto log_density = [&](double mu, double logvar) {
      return ad::gaussian_log_density(scalar(z), scalar(mu), scalar(logvar)).value()(0, 0);
    };
    const double q = std::exp(log_density(0.7, -0.5));
    sum += q * (log_density(0.7, -0.5) - log_density(-0.4, 0.9));
    weights += q;
  }
  CHECK(kl(0.7, -0.5, -0.4, 0.9) == doctest::Approx(sum / weights).epsilon(1e-9));
}
