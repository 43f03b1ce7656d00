#include "baselines.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "../../autodiff/parallel.h"
#include "../../data/error.h"
#include "../../data/filter/filters.h"
#include "../evaluate/top_k.h"
#include "co_occurrence.h"
#include "ease.h"

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

/// Of each item the nearest ones by cosine similarity.
SparseWeights nearest(const data::Csr& train, std::int64_t neighbors) {
  const CoOccurrence pairs(train);
  std::vector<std::vector<Scored>> columns(as_size(train.cols));
  ad::parallel_for(train.cols, [&](ad::Index j) {
    std::vector<float> row(as_size(train.cols));
    pairs.row<float>(j, row);
    const auto count = static_cast<double>(pairs.count(j));
    for (ad::Index i = 0; i < train.cols; ++i) {
      float& s = row[as_size(i)];
      // Items without a common user are no neighbours.
      s = i == j || s == 0 ? -INFINITY : static_cast<float>(s / std::sqrt(count * static_cast<double>(pairs.count(i))));
    }
    top_k(row, neighbors, columns[as_size(j)]);
  });
  return sparse_of_columns(columns);
}

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
  BaselineUses uses;
  std::unique_ptr<Scorer> (*make)(const data::Csr& train);  // null: it scores by what it learns
  ItemWeights (*learn)(const data::Csr& train, const BaselineOptions& options);
  Cost (*cost)(const data::Csr& train, const data::Csr& histories, const BaselineOptions& options);
};

constexpr double kFlops = 1e11, kAdditions = 1e9;  // per second

ItemWeights learn_ease(const data::Csr& train, const BaselineOptions& options, double dropout) {
  if (in_double(train, options)) return {ease_weights<double>(train, options.lambda, dropout, options.stop)};
  return {ease_weights<float>(train, options.lambda, dropout, options.stop)};
}

Cost ease_cost(const data::Csr& train, const data::Csr& histories, const BaselineOptions& options) {
  const double n = train.cols, wide = in_double(train, options) ? 1 : 0.5;
  const double additions = pairs_of(train) + static_cast<double>(histories.nnz()) * n * wide;
  return {8 * wide * n * (n + 2 * 512), wide * n * n * n / kFlops + additions / kAdditions};
}

constexpr Entry kBaselines[] = {
    {"popularity",
     {},
     [](const data::Csr& train) -> std::unique_ptr<Scorer> { return std::make_unique<Popularity>(train); },
     nullptr,
     [](const data::Csr& train, const data::Csr&, const BaselineOptions&) {
       return Cost{8.0 * train.cols, static_cast<double>(train.nnz()) / kAdditions};
     }},
    {"ease",
     {.lambda = true},
     nullptr,
     [](const data::Csr& train, const BaselineOptions& options) { return learn_ease(train, options, 0); },
     ease_cost},
    {"edlae",
     {.lambda = true, .dropout = true},
     nullptr,
     [](const data::Csr& train, const BaselineOptions& options) { return learn_ease(train, options, options.dropout); },
     ease_cost},
    {"itemknn",
     {.neighbors = true},
     nullptr,
     [](const data::Csr& train, const BaselineOptions& options) {
       return ItemWeights{nearest(train, options.neighbors)};
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

BaselineUses baseline_uses(const std::string& name) { return find(name).uses; }

void check_baseline(const std::string& name, const BaselineOptions& options) {
  find(name);
  if (!(options.lambda > 0 && options.lambda <= 1e30)) {
    throw data::UsageError("lambda: expected a positive number up to 1e30");
  }
  if (!(options.dropout >= 0 && options.dropout < 1)) throw data::UsageError("dropout: expected a number in [0, 1)");
  if (options.neighbors < 1) throw data::UsageError("neighbors: expected a positive whole number");
}

bool has_item_weights(const std::string& name) {
  return std::ranges::any_of(kBaselines, [&](const Entry& entry) { return name == entry.name && entry.learn; });
}

ItemWeights learn_item_weights(const std::string& name, const data::Csr& train, const BaselineOptions& options) {
  check_baseline(name, options);
  if (!has_item_weights(name)) throw data::UsageError("baseline: expected one with item weights, found '" + name + "'");
  return find(name).learn(train, options);
}

std::unique_ptr<Scorer> make_baseline(const std::string& name, const data::Csr& train, const BaselineOptions& options) {
  check_baseline(name, options);
  if (const auto make = find(name).make) return make(train);
  return item_weights_scorer(std::make_shared<ItemWeights>(learn_item_weights(name, train, options)));
}

Cost baseline_cost(const std::string& name, const data::Csr& train, const data::Csr& histories,
                   const BaselineOptions& options) {
  return find(name).cost(train, histories, options);
}

}  // namespace recvae
