#include "baselines.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "../../autodiff/parallel.h"
#include "../../data/error.h"
#include "../../data/filter/filters.h"
#include "../evaluate/top_k.h"
#include "co_occurrence.h"
#include "spd_inverse.h"

namespace recvae {
namespace {

using data::as_size;

class Popularity : public Scorer {
 public:
  explicit Popularity(const data::Csr& train) {
    const auto counts = data::count_rows(train.items, as_size(train.cols));
    counts_.assign(counts.begin(), counts.end());
  }

  void score(const data::Csr&, std::int64_t, ad::Matrix<float> scores) override {
    for (ad::Index u = 0; u < scores.rows; ++u) std::copy(counts_.begin(), counts_.end(), scores.row(u));
  }

 private:
  std::vector<float> counts_;
};

template <class T>
class Ease : public Scorer {
 public:
  Ease(const data::Csr& train, double lambda) : weight_(train.cols, train.cols) {
    const CoOccurrence pairs(train);
    const ad::Matrix<T> b = weight_;
    ad::parallel_for(b.rows, [&](ad::Index i) {
      pairs.row(i, std::span(b.row(i), as_size(b.cols)));
      b(i, i) += static_cast<T>(lambda);
    });
    spd_inverse(b);
    std::vector<T> scale(as_size(b.cols));
    for (ad::Index j = 0; j < b.cols; ++j) scale[as_size(j)] = -1 / b(j, j);
    ad::parallel_rows(b.rows, b.cols, [&](ad::Index i) {
      for (ad::Index j = 0; j < b.cols; ++j) b(i, j) *= scale[as_size(j)];
      b(i, i) = 0;
    });
  }

  void score(const data::Csr& histories, std::int64_t first, ad::Matrix<float> scores) override {
    // All users for a few columns at a time: most rows that they need are then in the cache.
    constexpr ad::Index kColumns = 512;
    ad::parallel_chunks(scores.cols, kColumns, [&](ad::Index begin, ad::Index end) {
      std::vector<T> sum(as_size(end - begin));
      for (ad::Index u = 0; u < scores.rows; ++u) {
        std::fill(sum.begin(), sum.end(), T(0));
        for (const std::int32_t item : histories.row(first + u)) {
          const T* const row = weight_.view().row(item) + begin;
          for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += row[j];
        }
        std::transform(sum.begin(), sum.end(), scores.row(u) + begin, [](T s) { return static_cast<float>(s); });
      }
    });
  }

 private:
  ad::Tensor<T> weight_;
};

class ItemKnn : public Scorer {
 public:
  ItemKnn(const data::Csr& train, std::int64_t neighbors) : similar_(as_size(train.cols)) {
    const CoOccurrence pairs(train);
    std::vector<std::vector<Scored>> nearest(as_size(train.cols));
    ad::parallel_for(train.cols, [&](ad::Index j) {
      std::vector<float> row(as_size(train.cols));
      pairs.row<float>(j, row);
      const auto count = static_cast<double>(pairs.count(j));
      for (ad::Index i = 0; i < train.cols; ++i) {
        float& s = row[as_size(i)];
        // Items without a common user are no neighbours.
        s = i == j || s == 0 ? -INFINITY
                             : static_cast<float>(s / std::sqrt(count * static_cast<double>(pairs.count(i))));
      }
      top_k(row, neighbors, nearest[as_size(j)]);
    });
    for (std::int32_t j = 0; j < train.cols; ++j) {
      for (const Scored& n : nearest[as_size(j)]) similar_[as_size(n.item)].push_back({j, n.score});
    }
  }

  void score(const data::Csr& histories, std::int64_t first, ad::Matrix<float> scores) override {
    ad::parallel_for(scores.rows, [&](ad::Index u) {
      std::fill_n(scores.row(u), scores.cols, 0.0f);
      for (const std::int32_t item : histories.row(first + u)) {
        for (const Scored& s : similar_[as_size(item)]) scores(u, s.item) += s.score;
      }
    });
  }

 private:
  std::vector<std::vector<Scored>> similar_;  // by i: the j that have i among their neighbours, and S[i, j]
};

bool in_double(const data::Csr& train, const BaselineOptions& options) {
  return options.double_precision.value_or(train.cols <= 20'000);
}

double pairs_of(const data::Csr& train) {
  double pairs = 0;
  for (std::int64_t u = 0; u < train.rows(); ++u) pairs += std::pow(static_cast<double>(train.row(u).size()), 2);
  return pairs;
}

struct Entry {
  const char* name;
  std::unique_ptr<Scorer> (*make)(const data::Csr& train, const BaselineOptions& options);
  Cost (*cost)(const data::Csr& train, const data::Csr& histories, const BaselineOptions& options);
};

constexpr double kFlops = 1e11, kAdditions = 1e9;  // per second

constexpr Entry kBaselines[] = {
    {"popularity",
     [](const data::Csr& train, const BaselineOptions&) -> std::unique_ptr<Scorer> {
       return std::make_unique<Popularity>(train);
     },
     [](const data::Csr& train, const data::Csr&, const BaselineOptions&) {
       return Cost{8.0 * train.cols, static_cast<double>(train.nnz()) / kAdditions};
     }},
    {"ease",
     [](const data::Csr& train, const BaselineOptions& options) -> std::unique_ptr<Scorer> {
       if (in_double(train, options)) return std::make_unique<Ease<double>>(train, options.lambda);
       return std::make_unique<Ease<float>>(train, options.lambda);
     },
     [](const data::Csr& train, const data::Csr& histories, const BaselineOptions& options) {
       const double n = train.cols, wide = in_double(train, options) ? 1 : 0.5;
       const double additions = pairs_of(train) + static_cast<double>(histories.nnz()) * n * wide;
       return Cost{8 * wide * n * (n + 2 * 512), wide * n * n * n / kFlops + additions / kAdditions};
     }},
    {"itemknn",
     [](const data::Csr& train, const BaselineOptions& options) -> std::unique_ptr<Scorer> {
       return std::make_unique<ItemKnn>(train, options.neighbors);
     },
     [](const data::Csr& train, const data::Csr& histories, const BaselineOptions& options) {
       const double n = train.cols, kept = std::min(n, static_cast<double>(options.neighbors));
       const double additions = pairs_of(train) + n * n + static_cast<double>(histories.nnz()) * kept;
       return Cost{2 * sizeof(Scored) * n * kept, additions / kAdditions};
     }}};

const Entry& find(const std::string& name) {
  std::string known;
  for (const Entry& entry : kBaselines) {
    if (name == entry.name) return entry;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw data::UsageError("baseline: expected one of " + known + ", found '" + name + "'");
}

}  // namespace

void check_baseline(const std::string& name, const BaselineOptions& options) {
  find(name);
  if (!(options.lambda > 0 && options.lambda <= 1e30)) {
    throw data::UsageError("lambda: expected a positive number up to 1e30");
  }
  if (options.neighbors < 1) throw data::UsageError("neighbors: expected a positive whole number");
}

std::unique_ptr<Scorer> make_baseline(const std::string& name, const data::Csr& train, const BaselineOptions& options) {
  check_baseline(name, options);
  return find(name).make(train, options);
}

Cost baseline_cost(const std::string& name, const data::Csr& train, const data::Csr& histories,
                   const BaselineOptions& options) {
  return find(name).cost(train, histories, options);
}

LambdaChoice choose_lambda(const data::Dataset& data, const Metric& metric, const MetricContext& context,
                           const BaselineOptions& options, double seconds) {
  constexpr double kLeast = 0x1p-6, kMost = 0x1p20;
  BaselineOptions single = options;
  single.double_precision = false;
  const double each = baseline_cost("ease", data.train, data.validation.history, single).seconds;
  seconds -= baseline_cost("ease", data.baseline_rows(true), data.test.history, options).seconds;
  LambdaChoice choice{options.lambda, {}};
  if (data.validation.targets.nnz() == 0 || 6 * each > seconds) return choice;

  std::optional<double> best;
  const auto attempt = [&](double lambda) {
    if (lambda < kLeast || lambda > kMost || choice.tried.contains(lambda) || seconds < each) return;
    seconds -= each;
    single.lambda = lambda;
    double& value = choice.tried[lambda] = std::nan("");
    try {
      value = evaluate(*make_baseline("ease", data.train, single), data.validation, {metric}, context).means[0];
    } catch (const ad::Error&) {  // too small for single precision
      return;
    }
    if (!is_better(metric, value, best) && !(value == best && lambda < choice.lambda)) return;
    best = value;
    choice.lambda = lambda;
  };
  for (double lambda = 16; lambda <= 1024; lambda *= 4) attempt(lambda);
  if (!best) return choice;
  for (const double step : {4.0, 0.25}) {
    for (double last = 0; std::exchange(last, choice.lambda) != choice.lambda;) attempt(choice.lambda * step);
  }
  const double middle = choice.lambda;
  for (const double step : {0.5, 2.0}) attempt(middle * step);
  return choice;
}

}  // namespace recvae
