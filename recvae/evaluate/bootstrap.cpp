#include "bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "../../autodiff/parallel.h"
#include "../../autodiff/random.h"
#include "../../data/error.h"

namespace recvae {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint32_t kDraws = 100, kSigns = 101;  // streams of the seed, beside those of training

/// Weighted values of users, a row of [value x weight, weight] per user with a pair per metric.
struct Table {
  std::size_t users, metrics;
  std::vector<double> cells;

  Table(std::size_t user_count, std::size_t metric_count)
      : users(user_count), metrics(metric_count), cells(2 * user_count * metric_count, 0.0) {}
  double* row(std::size_t user) { return cells.data() + 2 * user * metrics; }
  const double* row(std::size_t user) const { return cells.data() + 2 * user * metrics; }
  void set(std::size_t user, std::size_t metric, double value, double weight) {
    if (!(weight > 0)) return;
    row(user)[2 * metric] = value * weight;
    row(user)[2 * metric + 1] = weight;
  }
};

/// [samples, metrics]: weighted means of `samples` resamplings. draw(sample, add) makes one: it calls add(user, sign)
/// for every user that it takes.
template <class Draw>
std::vector<double> resample(const Table& table, std::int64_t samples, const std::function<bool()>& stop,
                             const Draw& draw) {
  std::vector<double> means(data::as_size(samples) * table.metrics);
  const auto resample_one = [&](ad::Index sample) {
    std::vector<double> sums(2 * table.metrics, 0.0);
    draw(static_cast<std::uint64_t>(sample), [&](std::size_t user, double sign) {
      const double* const row = table.row(user);
      for (std::size_t m = 0; m < table.metrics; ++m) {
        sums[2 * m] += sign * row[2 * m];
        sums[2 * m + 1] += row[2 * m + 1];
      }
    });
    for (std::size_t m = 0; m < table.metrics; ++m) {
      means[data::as_size(sample) * table.metrics + m] = sums[2 * m] / sums[2 * m + 1];
    }
  };
  constexpr std::int64_t kBetweenStops = 1 << 23;  // users: some 50 ms
  const std::int64_t between = stop ? 1 + kBetweenStops / static_cast<std::int64_t>(1 + table.users) : samples;
  for (std::int64_t first = 0; first < samples; first += between) {
    if (stop && stop()) throw data::Stopped();
    ad::parallel_for(std::min(between, samples - first), [&](ad::Index k) { resample_one(first + k); });
  }
  return means;
}

/// Calls use(i, word) with `count` random words of a sample.
template <class Use>
void random_words(std::uint64_t seed, std::uint32_t stream, std::uint64_t sample, std::size_t count, const Use& use) {
  const ad::RandomKey key{seed, stream, sample};
  for (std::size_t i = 0; i < count; i += 4) {
    const auto words = ad::philox(key, i / 4);
    for (std::size_t j = 0; j < 4 && i + j < count; ++j) use(i + j, words[j]);
  }
}

std::vector<double> bootstrap_means(const Table& table, std::int64_t samples, std::uint64_t seed,
                                    const std::function<bool()>& stop) {
  return resample(table, samples, stop, [&](std::uint64_t sample, const auto& add) {
    random_words(seed, kDraws, sample, table.users, [&](std::size_t, std::uint32_t word) {
      add(static_cast<std::size_t>(std::uint64_t{word} * table.users >> 32), 1.0);
    });
  });
}

/// The 2.5th and 97.5th percentile of column `metric`, linearly between the nearest ones.
Interval percentiles(const std::vector<double>& means, std::size_t metric, std::size_t metrics) {
  std::vector<double> column;
  for (std::size_t k = metric; k < means.size(); k += metrics) {
    if (!std::isnan(means[k])) column.push_back(means[k]);
  }
  if (column.empty()) return {kNothing, kNothing};
  std::sort(column.begin(), column.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(column.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, column.size() - 1);
    return column[below] + (place - static_cast<double>(below)) * (column[above] - column[below]);
  };
  return {at(0.025), at(0.975)};
}

}  // namespace

std::vector<Interval> bootstrap(const Evaluation& evaluation, std::int64_t samples, std::uint64_t seed,
                                const std::function<bool()>& stop) {
  Table table(evaluation.rows.size(), evaluation.means.size());
  for (std::size_t u = 0; u < table.users; ++u) {
    for (std::size_t m = 0; m < table.metrics; ++m) {
      table.set(u, m, evaluation.value(u, m).value, evaluation.value(u, m).weight);
    }
  }
  const std::vector<double> means = bootstrap_means(table, samples, seed, stop);
  std::vector<Interval> intervals;
  for (std::size_t m = 0; m < table.metrics; ++m) intervals.push_back(percentiles(means, m, table.metrics));
  return intervals;
}

std::vector<Difference> compare(const Evaluation& a, const Evaluation& b, std::int64_t samples, std::uint64_t seed,
                                const std::function<bool()>& stop) {
  if (a.rows != b.rows || a.means.size() != b.means.size()) {
    throw std::invalid_argument("compare: expected two evaluations of the same users and metrics");
  }
  Table table(a.rows.size(), a.means.size());
  for (std::size_t u = 0; u < table.users; ++u) {
    for (std::size_t m = 0; m < table.metrics; ++m) {
      const UserValue &x = a.value(u, m), &y = b.value(u, m);
      if (y.weight > 0) table.set(u, m, x.value - y.value, x.weight);
    }
  }
  const std::vector<double> means = bootstrap_means(table, samples, seed, stop);
  const std::vector<double> flipped = resample(table, samples, stop, [&](std::uint64_t sample, const auto& add) {
    random_words(seed, kSigns, sample, (table.users + 31) / 32, [&](std::size_t i, std::uint32_t word) {
      for (std::size_t u = 32 * i; u < std::min(32 * i + 32, table.users); ++u, word >>= 1)
        add(u, word & 1 ? 1.0 : -1.0);
    });
  });
  const std::vector<double> observed = resample(table, 1, {}, [&](std::uint64_t, const auto& add) {
    for (std::size_t u = 0; u < table.users; ++u) add(u, 1.0);
  });
  std::vector<Difference> differences;
  for (std::size_t m = 0; m < table.metrics; ++m) {
    const double mean = observed[m];
    if (std::isnan(mean)) {  // no user has a value
      differences.push_back({a.means[m] - b.means[m], {kNothing, kNothing}, kNothing});
      continue;
    }
    std::int64_t as_far = 0;
    for (std::size_t k = m; k < flipped.size(); k += table.metrics) {
      as_far += std::abs(flipped[k]) >= std::abs(mean) * (1 - 1e-12);
    }
    differences.push_back({mean, percentiles(means, m, table.metrics),
                           static_cast<double>(1 + as_far) / static_cast<double>(1 + samples)});
  }
  return differences;
}

}  // namespace recvae
