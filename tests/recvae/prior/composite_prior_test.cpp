#include "recvae/prior/composite_prior.h"
#include "../../support/check_op.h"

using test::random_tensor;

TEST_CASE("composite_log_density: gradients, also with a component switched off, and errors") {
  const auto mu = random_tensor(3, 5, -1, 1, 2), logvar = random_tensor(3, 5, -2, 1, 3);
  for (const std::array<double, 3> weights :
       {std::array<double, 3>{0.15, 0.75, 0.1}, {0, 0.5, 0.5}, {0.5, 0.5, 0}, {1, 0, 0}}) {
    const auto op = [&]<class T>(ad::Tape<T>& tape, std::span<const ad::Var<T>> in) {
      return recvae::composite_log_density(in[0], tape.constant(test::convert<T>(mu)),
                                           tape.constant(test::convert<T>(logvar)), weights);
    };
    test::check_op("composite_log_density", op, {random_tensor(3, 5, -2, 2, 1)},
                   {{random_tensor(3, 4, -2, 2, 1)}, {random_tensor(2, 5, -2, 2, 1)}}, test::Tasks::few);
  }
}

TEST_CASE("composite_log_density: many tasks") {
  const auto mu = random_tensor(300, 257, -1, 1, 2), logvar = random_tensor(300, 257, -2, 1, 3);
  const auto op = [&]<class T>(ad::Tape<T>& tape, std::span<const ad::Var<T>> in) {
    return recvae::composite_log_density(in[0], tape.constant(test::convert<T>(mu)),
                                         tape.constant(test::convert<T>(logvar)), {0.15, 0.75, 0.1});
  };
  test::check_direction(op, {random_tensor(300, 257, -2, 2, 1)});
  test::check_threads(op, {random_tensor(300, 257, -2, 2, 1)});
}

TEST_CASE_TEMPLATE("composite_log_density: closed forms, also far out and at extreme old variances", T, float, double) {
  ad::Tape<T> tape;
  const auto at = [&](double z, double mu, double logvar, std::array<double, 3> weights) {
    const auto scalar = [&](double v) { return tape.constant(ad::Tensor<T>(1, 1, {static_cast<T>(v)})); };
    return static_cast<double>(
        recvae::composite_log_density(scalar(z), scalar(mu), scalar(logvar), weights).value()(0, 0));
  };
  const double half_log_2pi = 0.91893853320467274;
  const auto normal = [&](double z, double mu, double logvar) {
    return -half_log_2pi - (logvar + (z - mu) * (z - mu) / std::exp(logvar)) / 2;
  };
  const double tolerance = sizeof(T) == 4 ? 1e-6 : 1e-14;
  CHECK(at(0.3, 5, 2, {1, 0, 0}) == doctest::Approx(normal(0.3, 0, 0)).epsilon(tolerance));
  CHECK(at(0.3, 5, 2, {0, 1, 0}) == doctest::Approx(normal(0.3, 5, 2)).epsilon(tolerance));
  CHECK(at(0.3, 5, 2, {0, 0, 1}) == doctest::Approx(normal(0.3, 0, 10)).epsilon(tolerance));
  const double mixed = std::log(0.15 * std::exp(normal(0.3, 0, 0)) + 0.75 * std::exp(normal(0.3, 0.5, 0.2)) +
                                0.1 * std::exp(normal(0.3, 0, 10)));
  CHECK(at(0.3, 0.5, 0.2, {0.15, 0.75, 0.1}) == doctest::Approx(mixed).epsilon(tolerance));
  CHECK(at(1000, 0, 0, {0.15, 0.75, 0.1}) ==
        doctest::Approx(std::log(0.1) + normal(1000, 0, 10)).epsilon(1e-5));  // the wide one holds
  CHECK(at(0, 0, -60, {0.15, 0.75, 0.1}) == doctest::Approx(std::log(0.75) + normal(0, 0, -60)).epsilon(1e-5));
}

TEST_CASE_TEMPLATE(
    "composite_log_density: NaN stays NaN, no density is -inf; every level of the processor gives the same", T, float,
    double) {
  constexpr ad::Index n = 37;
  std::vector<T> z(n), mu(n), logvar(n);
  for (std::size_t i = 0; i < n; ++i) {
    z[i] = static_cast<T>(4 * std::sin(static_cast<double>(i)));
    mu[i] = static_cast<T>(std::cos(2.0 * static_cast<double>(i)));
    logvar[i] = static_cast<T>(std::sin(3.0 * static_cast<double>(i)));
  }
  mu[5] = logvar[20] = std::numeric_limits<T>::quiet_NaN();
  z[9] = sizeof(T) == sizeof(float) ? static_cast<T>(1e25) : static_cast<T>(1e200);  // its square is beyond T
  const recvae::detail::Mixture<T> mixture{{T(-2.8), T(-1.2), T(-3.2)}, T(10), static_cast<T>(std::exp(-10.0))};
  const auto run = [&](ad::kernels::Level level) {
    const recvae::detail::MixtureLoops& loops = recvae::detail::mixture_loops(level);
    std::vector<T> out(2 * n);
    if constexpr (sizeof(T) == sizeof(float))
      loops.of_float(mixture, z.data(), mu.data(), logvar.data(), n, out.data(), out.data() + n);
    else
      loops.of_double(mixture, z.data(), mu.data(), logvar.data(), n, out.data(), out.data() + n);
    return out;
  };
  const std::vector<T> best = run(ad::kernels::level());
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    const std::vector<T> got = run(level);
    for (std::size_t i = 0; i < got.size(); ++i) {
      CHECK(std::isnan(got[i]) == (i % n == 5 || i % n == 20));
      if (i % n == 9)
        CHECK(got[i] == (i < n ? -std::numeric_limits<T>::infinity() : T(0)));
      else if (!std::isnan(got[i]))
        CHECK(got[i] == doctest::Approx(best[i]).epsilon(1e-5));
    }
  }
}
