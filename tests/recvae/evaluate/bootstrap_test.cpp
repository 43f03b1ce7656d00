#include "recvae/evaluate/bootstrap.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "autodiff/parallel.h"
#include "autodiff/random.h"
#include "data/error.h"

using namespace recvae;

namespace {

/// `users` normal values around `mean`, of one metric.
Evaluation normal_values(std::size_t users, double mean, std::uint64_t seed) {
  Evaluation e{{0}, {}, {}};
  ad::Tensor<double> draws(static_cast<ad::Index>(users), 2);
  ad::fill_normal(draws.view(), 1, {.seed = seed});
  for (std::size_t u = 0; u < users; ++u) {
    e.rows.push_back(static_cast<std::int64_t>(u));
    e.values.push_back({mean + draws(static_cast<ad::Index>(u), 0), 1});
    e.means[0] += e.values.back().value / static_cast<double>(users);
  }
  return e;
}

}  // namespace

TEST_CASE("bootstrap: the interval of a mean is the normal one, and does not depend on threads") {
  const Evaluation e = normal_values(2000, 0.3, 1);
  const Interval i = bootstrap(e, 4000, 1)[0];
  const double deviation = 1 / std::sqrt(2000.0);
  CHECK(std::abs(i.low - (e.means[0] - 1.96 * deviation)) < 0.15 * deviation);
  CHECK(std::abs(i.high - (e.means[0] + 1.96 * deviation)) < 0.15 * deviation);
  ad::set_threads(4);
  const Interval again = bootstrap(e, 4000, 1)[0];
  ad::set_threads(0);
  CHECK(again.low == i.low);
  CHECK(again.high == i.high);
  CHECK(bootstrap(e, 4000, 2)[0].low != i.low);
}

TEST_CASE("bootstrap and compare stop when they are told to, and else do what they do") {
  const Evaluation e = normal_values(200'000, 0.3, 1);
  int asked = 0;
  const auto stop = [&] { return ++asked == 3; };
  CHECK_THROWS_AS(bootstrap(e, 1000, 1, stop), data::Stopped);
  asked = 0;
  CHECK_THROWS_AS(compare(e, e, 1000, 1, stop), data::Stopped);
  CHECK(asked == 3);
  CHECK(bootstrap(e, 60, 1, [] { return false; })[0].low == bootstrap(e, 60, 1)[0].low);
}

TEST_CASE("bootstrap: about 95 of 100 intervals hold the truth") {
  int held = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Interval i = bootstrap(normal_values(100, 0.5, 10 + seed), 400, 1)[0];
    held += i.low <= 0.5 && 0.5 <= i.high;
  }
  CHECK(held >= 180);
  CHECK(held <= 198);
}

TEST_CASE("bootstrap: weights count, undefined values do not, and nothing comes of nothing") {
  Evaluation e{{0, 0, 0}, {0, 1, 2}, std::vector<UserValue>(9)};
  e.values[0] = {1, 1};
  e.values[3] = {1, 3};  // all values of metric 0 are 1, whatever the weights; user 2 has none
  e.values[1] = {2, 1};
  const auto intervals = bootstrap(e, 500, 1);
  CHECK(intervals[0].low == 1);
  CHECK(intervals[0].high == 1);
  CHECK(intervals[1].high == 2);
  CHECK(std::isnan(intervals[2].low));
  CHECK(std::isnan(bootstrap(Evaluation{{NAN}, {}, {}}, 10, 1)[0].low));
}

TEST_CASE("compare: equal models do not differ, a shift is found, noise alone seldom is") {
  const Evaluation a = normal_values(500, 0, 1), b = normal_values(500, 0, 2);
  const Difference same = compare(a, a, 1000, 1)[0];
  CHECK(same.mean == 0);
  CHECK(same.interval.low == 0);
  CHECK(same.interval.high == 0);
  CHECK(same.p == 1);
  Evaluation shifted = b;
  for (UserValue& v : shifted.values) v.value += 0.5;
  const Difference far = compare(shifted, a, 1000, 1)[0];
  CHECK(far.mean == doctest::Approx(b.means[0] - a.means[0] + 0.5).epsilon(1e-9));
  CHECK(far.p == doctest::Approx(1 / 1001.0));
  CHECK(far.interval.low > 0);
  int found = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    found += compare(normal_values(50, 0, 100 + seed), normal_values(50, 0, 900 + seed), 400, 1)[0].p <= 0.05;
  CHECK(found <= 20);
  CHECK(found >= 2);
}

TEST_CASE("compare: users without a value in either are left out; other users or metrics are refused") {
  Evaluation a = normal_values(3, 0, 1), b = normal_values(3, 0, 2);
  a.values[0] = {};
  b.values[1] = {};
  CHECK(compare(a, b, 100, 1)[0].mean == doctest::Approx(a.values[2].value - b.values[2].value));
  b.values[2] = {};
  a.means[0] = 0.75;
  b.means[0] = 0.5;
  const Difference means_only = compare(a, b, 100, 1)[0];
  CHECK(means_only.mean == 0.25);
  CHECK(std::isnan(means_only.p));
  CHECK_THROWS_AS(compare(a, normal_values(4, 0, 1), 10, 1), std::invalid_argument);
}
