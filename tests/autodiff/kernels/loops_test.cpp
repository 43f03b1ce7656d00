#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

#include "autodiff/kernels/gemm.h"
#include "autodiff/kernels/loops.h"
#include "autodiff/kernels/product.h"
#include "autodiff/parallel.h"
#include "autodiff/random.h"

namespace {
// Distance of a float from the exact value, in units of the last place of the exact value.
double ulps(float got, long double exact) {
  const float nearest = static_cast<float>(exact);
  const float unit = std::nextafter(std::abs(nearest), std::numeric_limits<float>::infinity()) - std::abs(nearest);
  return static_cast<double>(std::abs(static_cast<long double>(got) - exact) / unit);
}
}  // namespace

TEST_CASE("exp: at most 2 ulp over the whole range, at every level and alone; log alone") {
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    CAPTURE(ad::kernels::name(level));
    double worst = 0;
    constexpr int n = 64;
    for (float x = -87.0f; x < 88.7f; x += 0.00171f * n) {
      float inputs[n], block[n];
      for (int i = 0; i < n; ++i) inputs[i] = x + 0.00171f * static_cast<float>(i);
      ad::kernels::loops<float>(level).exp(inputs, n, 1.0f, block);
      for (int i = 0; i < n && inputs[i] < 88.7f; ++i) {
        worst = std::max(worst, ulps(block[i], std::exp(static_cast<long double>(inputs[i]))));
        worst = std::max(worst, ulps(ad::kernels::exp(inputs[i]), std::exp(static_cast<long double>(inputs[i]))));
      }
    }
    CHECK(worst <= 2);
    MESSAGE("largest error of exp, " << ad::kernels::name(level) << ": " << worst << " ulp");
  }
  double worst = 0;
  for (float x = 1e-37f; x < 3e38f; x *= 1.00037f)
    worst = std::max(worst, ulps(ad::kernels::log(x), std::log(static_cast<long double>(x))));
  for (float x = 0.5f; x < 3.0f; x += 0.00001f)
    if (x != 1) worst = std::max(worst, ulps(ad::kernels::log(x), std::log(static_cast<long double>(x))));
  CHECK(worst <= 2);
  CHECK(ad::kernels::log(1.0f) == 0);
  MESSAGE("largest error of log: " << worst << " ulp");
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

TEST_CASE_TEMPLATE("loops against plain ones, at every level and at lengths around the vector width", T, float,
                   double) {
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    CAPTURE(ad::kernels::name(level));
    const ad::kernels::Loops<T>& loops = ad::kernels::loops<T>(level);
    for (ad::Index n : {0, 1, 15, 16, 17, 31, 100}) {
      std::vector<T> x(static_cast<std::size_t>(n)), y(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<T>(std::sin(3.0 * static_cast<double>(i)));
        y[i] = static_cast<T>(std::cos(5.0 * static_cast<double>(i)));
      }
      double dot = 0, top = -std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < x.size(); ++i) {
        dot += static_cast<double>(x[i]) * y[i];
        top = std::max(top, static_cast<double>(x[i]));
      }
      CHECK(loops.row_max(x.data(), n) == static_cast<T>(top));
      CHECK(loops.dot(x.data(), y.data(), n) == doctest::Approx(dot).epsilon(1e-5));
      std::vector<T> swish(x.size()), e(x.size()), blend = x;
      loops.swish(x.data(), swish.data(), n);
      loops.exp(x.data(), n, T(0.5), e.data());
      std::vector<T> shifted(x.size()), sigmoid(x.size());
      const T sum = loops.exp_sum(x.data(), n, T(0.25), shifted.data());
      CHECK(sum == doctest::Approx(std::accumulate(shifted.begin(), shifted.end(), 0.0)).epsilon(1e-5));
      loops.sigmoid(x.data(), sigmoid.data(), n);
      loops.blend(T(2), blend.data(), T(3), y.data(), n);
      for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK(swish[i] == doctest::Approx(x[i] / (1 + std::exp(-static_cast<double>(x[i])))).epsilon(1e-6));
        CHECK(e[i] == doctest::Approx(std::exp(static_cast<double>(x[i]) / 2)).epsilon(1e-6));
        CHECK(shifted[i] == doctest::Approx(std::exp(static_cast<double>(x[i]) - 0.25)).epsilon(1e-6));
        CHECK(sigmoid[i] == doctest::Approx(1 / (1 + std::exp(-static_cast<double>(x[i])))).epsilon(1e-6));
        CHECK(blend[i] == doctest::Approx(2 * x[i] + 3 * y[i]).epsilon(1e-6));
      }
      loops.axpy(T(2), x.data(), y.data(), n);
      for (std::size_t i = 0; i < x.size(); ++i)
        CHECK(y[i] == doctest::Approx(std::cos(5.0 * static_cast<double>(i)) + 2.0 * x[i]).epsilon(1e-5));
    }
  }
}

TEST_CASE_TEMPLATE("the columns of a softmax, tile after tile, at every level", T, float, double) {
  constexpr ad::Index rows = 5, n = 21, stride = 24, tiles = 3;
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    const ad::kernels::Loops<T>& loops = ad::kernels::loops<T>(level);
    std::vector<T> top(n, -std::numeric_limits<T>::infinity()), sum(n), rescale(n), bias{1, -1, 0.5, 2, 0};
    std::vector<double> total(n), largest(n, -std::numeric_limits<double>::infinity());
    for (ad::Index tile = 0; tile < tiles; ++tile) {
      std::vector<T> x(rows * stride);
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<T>(3 * std::sin(7.0 * static_cast<double>(i) + static_cast<double>(tile)));
      const std::vector<T> logits = x, before = top;
      loops.softmax_columns(x.data(), rows, stride, n, bias.data(), top.data(), sum.data(), rescale.data());
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t i = 0; i < rows; ++i) {
          const double logit = static_cast<double>(logits[i * stride + j]) + static_cast<double>(bias[i]);
          total[j] += std::exp(logit);
          largest[j] = std::max(largest[j], logit);
        }
        CHECK(top[j] == doctest::Approx(largest[j]).epsilon(1e-6));
        CHECK(sum[j] == doctest::Approx(total[j] / std::exp(largest[j])).epsilon(1e-5));
        CHECK(rescale[j] == doctest::Approx(std::exp(static_cast<double>(before[j]) - largest[j])).epsilon(1e-5));
        CHECK(x[3 * stride + j] ==
              doctest::Approx(std::exp(static_cast<double>(logits[3 * stride + j]) + 2 - largest[j])).epsilon(1e-5));
      }
      CHECK(x[stride - 1] == logits[stride - 1]);  // beyond the columns nothing is touched
      std::vector<T> sums(rows);
      loops.scale_columns(x.data(), rows, stride, n, rescale.data(), sums.data());
      double expected = 0;
      for (std::size_t j = 0; j < n; ++j) expected += static_cast<double>(x[2 * stride + j]);
      CHECK(sums[2] == doctest::Approx(expected).epsilon(1e-5));
    }
  }
}

TEST_CASE_TEMPLATE("above: positions in order, neither the bound itself nor NaN, at every level", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    CAPTURE(ad::kernels::name(level));
    for (const std::size_t n : {0, 1, 31, 32, 33, 64, 200}) {
      std::vector<T> x(n);
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>((i * 7) % 13);
      if (n > 30) x[3] = nan, x[30] = inf, x[29] = -inf;
      for (const T bound : {-inf, T(-1), T(5), T(11), T(12), inf, nan}) {
        std::vector<std::int32_t> expected, got(n);
        for (std::size_t i = 0; i < n; ++i) {
          if (x[i] > bound) expected.push_back(static_cast<std::int32_t>(i));
        }
        got.resize(static_cast<std::size_t>(
            ad::kernels::loops<T>(level).above(x.data(), static_cast<ad::Index>(n), bound, got.data())));
        CHECK(got == expected);
      }
    }
  }
}

TEST_CASE_TEMPLATE("column sums, at every level", T, float, double) {
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    std::vector<T> x(7 * 40);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i % 13) - 5;
    double sums[33];
    ad::kernels::loops<T>(level).column_sums(x.data() + 2, 7, 40, 33, sums);
    for (std::size_t j = 0; j < 33; ++j) {
      double sum = 0;
      for (std::size_t i = 0; i < 7; ++i) sum += static_cast<double>(x[i * 40 + 2 + j]);
      CHECK(sums[j] == sum);
    }
    const T far[] = {T(1), T(1e8), T(-1e8)};  // in double the 1 is not lost
    ad::kernels::loops<T>(level).column_sums(far, 3, 1, 1, sums);
    CHECK(sums[0] == 1);
  }
}

TEST_CASE_TEMPLATE("moments of all but what is skipped, at every level", T, float, double) {
  const T lowest = -std::numeric_limits<T>::infinity();
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    for (const std::size_t n : {0u, 1u, 37u, 200u}) {
      std::vector<T> x(n);
      T expected[3] = {}, found[3];
      for (std::size_t i = 0; i < n; ++i) {
        x[i] = i % 5 == 2 ? lowest : static_cast<T>(i % 13);
        if (i % 5 == 2) continue;
        expected[0] += 1;
        expected[1] += x[i] - 3;
        expected[2] += (x[i] - 3) * (x[i] - 3);
      }
      ad::kernels::loops<T>(level).moments_but(x.data(), static_cast<ad::Index>(n), lowest, 3, found);
      for (int k = 0; k < 3; ++k) CHECK(found[k] == expected[k]);  // small whole numbers: exact in any order
      if (n == 0) continue;
      x[n / 2] = std::numeric_limits<T>::quiet_NaN();  // is not lost
      ad::kernels::loops<T>(level).moments_but(x.data(), static_cast<ad::Index>(n), lowest, 3, found);
      CHECK(std::isnan(found[1]));
    }
  }
}

namespace {
// Box-Muller by the C library.
std::array<double, 2> plain_normal_pair(const ad::RandomKey& key, std::uint64_t i) {
  const auto words = ad::philox(key, i / 2);
  const std::size_t at = 2 * (i % 2);
  const double radius = std::sqrt(-2 * std::log((words[at] + 0.5) * 0x1p-32));
  const double angle = 2 * std::numbers::pi * ad::to_unit(words[at + 1]);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}
}  // namespace

TEST_CASE("random loops give random.h's elements, wherever they begin, at every level") {
  const ad::RandomKey key{.seed = 123456789012345, .stream = 77, .step = 4000000000};
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    CAPTURE(ad::kernels::name(level));
    for (const std::uint64_t first :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{4096}, std::uint64_t{1} << 33}) {
      double pairs[2 * 37];
      ad::kernels::loops<double>(level).normal_pairs(key, first, 37, 1.5, pairs);
      float narrow[2 * 37];
      ad::kernels::loops<float>(level).normal_pairs(key, first, 37, 1.5, narrow);
      for (std::uint64_t i = 0; i < 37; ++i) {
        const auto expected = plain_normal_pair(key, first + i);
        for (std::size_t k = 0; k < 2; ++k) {
          CHECK(std::abs(pairs[2 * i + k] - 1.5 * expected[k]) < 1e-12);
          CHECK(narrow[2 * i + k] == doctest::Approx(1.5 * expected[k]).epsilon(1e-6));
        }
      }
    }
    for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{5} << 40}) {
      for (const ad::Index n : {1, 63, 64, 200}) {
        std::vector<std::uint32_t> run(static_cast<std::size_t>(n) + 1, 7);
        ad::kernels::loops<float>(level).words(key, first, n, run.data());
        for (std::size_t i = 0; i + 1 < run.size(); ++i) CHECK(ad::to_unit(run[i]) == ad::uniform(key, first + i));
        CHECK(run.back() == 7);
      }
    }
    std::vector<std::int32_t> columns;
    for (std::int32_t j = 0; j < 100; j += 1 + j % 7) columns.push_back(j);
    std::vector<std::uint32_t> words(columns.size());
    const std::uint64_t base = std::uint64_t{3} << 40;
    ad::kernels::loops<float>(level).words_at(key, base, columns.data(), static_cast<ad::Index>(columns.size()),
                                              words.data());
    for (std::size_t i = 0; i < columns.size(); ++i)
      CHECK(ad::to_unit(words[i]) == ad::uniform(key, base + static_cast<std::uint64_t>(columns[i])));
  }
}

TEST_CASE("denormals count as zeros while FlushDenormals lives, and not after") {
  volatile float tiny = 1e-39f;
  const auto is_zero = [&] { return tiny * 1.0f == 0.0f; };
  CHECK(!is_zero());
  {
    const ad::kernels::FlushDenormals flush;
    CHECK(is_zero() == ad::kernels::FlushDenormals::kAvailable);
  }
  CHECK(!is_zero());
}

TEST_CASE_TEMPLATE("double computes with denormals, in parallel, in loops and in products; float's loops flush them", T,
                   float, double) {
  constexpr bool kFlushes = sizeof(T) == sizeof(float) && ad::kernels::FlushDenormals::kAvailable;
  const T tiny = std::numeric_limits<T>::min() / 8, expected = kFlushes ? T(0) : tiny;
  ad::set_threads(3);
  std::vector<T> halves(64);
  ad::parallel_for(64, [&](ad::Index i) {
    volatile T x = 2 * tiny;
    halves[static_cast<std::size_t>(i)] = x / 2;
  });
  for (const T each : halves) CHECK(each == tiny);
  ad::set_threads(0);
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    const ad::kernels::Loops<T>& loops = ad::kernels::loops<T>(level);
    std::vector<T> x(40, tiny), y(40), p(40), m(40, tiny), v(40, tiny);
    loops.axpy(T(1), x.data(), y.data(), 40);
    for (const T each : y) CHECK(each == expected);
    loops.adam({0, 1, 0.5, 0.5, 1e-8, 0}, nullptr, p.data(), m.data(), v.data(), 40);
    for (const T each : m) CHECK(each == (kFlushes ? T(0) : tiny / 2));
    ad::kernels::multiply<T>(
        {1, 40, 1, std::vector<T>{1}.data(), 1, 1, x.data(), 40, ad::kernels::kPanel, y.data(), 40, false}, level);
    for (const T each : y) CHECK(each == expected);
  }
  const std::vector<T> ones(100 * 100, T(1)), small(100 * 100, tiny);  // BLAS's
  std::vector<T> c(100 * 100);
  ad::gemm<T>(100, 100, 100, 1, {ones.data(), 100}, {small.data(), 100, true}, 0, c.data(), 100);
  for (const T each : c) REQUIRE(each == (kFlushes ? T(0) : 100 * tiny));
}

// The ops' own tests check these loops at the best level; here the others are held against it.
TEST_CASE_TEMPLATE("loops of the ops: every level as the best one", T, float, double) {
  constexpr ad::Index n = 45, rows = 4;
  const auto numbers = [](double phase) {
    std::vector<T> x(rows * n);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(std::sin(phase + 1.7 * static_cast<double>(i)));
    return x;
  };
  const std::vector<T> x = numbers(1), skip = numbers(2), weight = numbers(3), bias = numbers(4), g = numbers(5);
  const std::vector<std::int32_t> entries = {3, 0, 1};
  const auto run = [&](ad::kernels::Level level) {
    const ad::kernels::Loops<T>& loops = ad::kernels::loops<T>(level);
    std::vector<T> all;
    const auto keep = [&](const std::vector<T>& v) { all.insert(all.end(), v.begin(), v.end()); };
    for (const bool swish : {false, true}) {
      for (const T* added : {static_cast<const T*>(nullptr), skip.data()}) {
        const ad::kernels::NormRow<T> row{x.data(), added, weight.data(), bias.data(), n, swish};
        std::vector<T> out(n), dx(n), dweight(n, T(1)), dbias(n, T(2));
        const auto moments = loops.norm(row, 0.1, out.data());
        loops.norm_backward(row, moments, g.data(), dx.data(), dweight.data(), dbias.data());
        for (const auto* v : {&out, &dx, &dweight, &dbias}) keep(*v);
      }
    }
    for (const bool accumulate : {false, true}) {
      std::vector<T> dx = skip;
      loops.swish_backward(x.data(), g.data(), dx.data(), n, accumulate);
      keep(dx);
      loops.relu_backward(x.data(), g.data(), dx.data(), n, accumulate);
      keep(dx);
    }
    for (const T* values : {static_cast<const T*>(nullptr), g.data()}) {
      for (ad::Index count = 0; count <= 3; ++count) {
        std::vector<T> y = bias;
        loops.add_rows(values, T(0.5), entries.data(), count, x.data(), n, y.data());
        keep(y);
      }
    }
    for (const T* gradient : {static_cast<const T*>(nullptr), g.data()}) {
      std::vector<T> p = x, m = skip, v = weight;
      for (T& each : v) each *= each;
      loops.adam({0.01, 1.5, 0.9, 0.999, 1e-8, 0.1}, gradient, p.data(), m.data(), v.data(), n);
      for (const auto* each : {&p, &m, &v}) keep(*each);
    }
    return all;
  };
  const std::vector<T> best = run(ad::kernels::level());
  for (const ad::kernels::Level level : ad::kernels::levels()) {
    CAPTURE(ad::kernels::name(level));
    const std::vector<T> got = run(level);
    for (std::size_t i = 0; i < best.size(); ++i)
      REQUIRE(std::abs(static_cast<double>(got[i] - best[i])) <= (sizeof(T) == 4 ? 1e-5 : 1e-13));
  }
}

TEST_CASE("parallel_for_workers: no two tasks have one worker at a time, and none is beyond the number given") {
  for (const int threads : {1, 2, 5}) {
    ad::set_threads(threads);
    for (const ad::Index workers : {1, 3, 8}) {
      std::vector<std::atomic<int>> busy(8), done(200);
      std::atomic<int> wrong = 0;
      ad::parallel_for_workers(200, workers, [&](ad::Index task, ad::Index worker) {
        if (worker < 0 || worker >= workers || busy[static_cast<std::size_t>(worker)].fetch_add(1) != 0) ++wrong;
        ++done[static_cast<std::size_t>(task)];
        busy[static_cast<std::size_t>(worker)].fetch_sub(1);
      });
      CHECK(wrong == 0);
      for (const auto& times : done) CHECK(times == 1);
    }
  }
  ad::set_threads(0);
}
