#include "metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "../../data/error.h"
#include "../../data/filter/filters.h"
#include "../../data/number.h"

namespace recvae {
namespace {

using data::as_size;

// One list cut at k: the last places of a list of few candidates simply are not there.
struct Cut {
  std::span<const Scored> items;
  std::span<const std::uint8_t> hits;
  std::int64_t k, targets;
  const MetricContext& context;

  std::int64_t reachable() const { return std::min(k, targets); }
  double hit_count() const { return static_cast<double>(std::count(hits.begin(), hits.end(), 1)); }
  template <class T>
  double mean_of(const std::vector<T>& per_item) const {
    double sum = 0;
    for (const Scored& s : items) sum += static_cast<double>(per_item[as_size(s.item)]);
    return sum / static_cast<double>(items.size());
  }
};

double discount(std::size_t position) { return 1 / std::log2(static_cast<double>(position) + 2); }

double ndcg(const Cut& c) {
  double gain = 0, ideal = 0;
  for (std::size_t j = 0; j < c.hits.size(); ++j) gain += c.hits[j] ? discount(j) : 0;
  for (std::size_t j = 0; j < as_size(c.reachable()); ++j) ideal += discount(j);
  return gain / ideal;
}

double recall(const Cut& c) {
  return c.hit_count() / static_cast<double>(c.context.recall == RecallDenominator::min ? c.reachable() : c.targets);
}

double precision(const Cut& c) { return c.hit_count() / static_cast<double>(c.k); }

double hit(const Cut& c) { return c.hit_count() > 0 ? 1 : 0; }

double mrr(const Cut& c) {
  const auto first = std::find(c.hits.begin(), c.hits.end(), 1);
  return first == c.hits.end() ? 0 : 1 / static_cast<double>(first - c.hits.begin() + 1);
}

double map(const Cut& c) {
  double found = 0, sum = 0;
  for (std::size_t j = 0; j < c.hits.size(); ++j) {
    if (c.hits[j]) sum += ++found / static_cast<double>(j + 1);
  }
  return sum / static_cast<double>(c.reachable());
}

double average_popularity(const Cut& c) { return c.mean_of(c.context.popularity); }
double tail_percentage(const Cut& c) { return c.mean_of(c.context.is_tail); }

// The area under the ROC curve of one user: 1 - (pairs that stand the wrong way) / (all pairs).
UserValue auc(const Ranking& ranking) {
  std::vector<float> positive;
  for (const std::int32_t item : ranking.targets) {
    if (const float s = ranking.scores[as_size(item)]; s > -INFINITY) positive.push_back(s);
  }
  std::sort(positive.begin(), positive.end());
  double candidates = 0, lost = 0;  // `lost`: pairs of a target and any candidate above it, ties half
  for (const float s : ranking.scores) {
    if (!(s > -INFINITY)) continue;
    ++candidates;
    const auto below = std::lower_bound(positive.begin(), positive.end(), s);
    const auto equal = std::upper_bound(below, positive.end(), s);
    lost += static_cast<double>(below - positive.begin()) + 0.5 * static_cast<double>(equal - below);
  }
  const auto n = static_cast<double>(positive.size());
  lost -= n * n / 2;  // of pairs of two targets, each with itself too, one half is lost
  if (n == 0 || n == candidates) return {};
  return {1 - lost / (n * (candidates - n)), n};
}

// Sorted counts of the items that are in lists, and their sum.
struct Counts {
  std::vector<double> listed;
  double sum = 0, items;

  explicit Counts(std::span<const std::int64_t> counts) : items(static_cast<double>(counts.size() + 1)) {
    for (const std::int64_t c : counts) {
      if (c > 0) listed.push_back(static_cast<double>(c));
    }
    std::sort(listed.begin(), listed.end());
    sum = std::accumulate(listed.begin(), listed.end(), 0.0);
  }
};

double item_coverage(const Counts& c) { return static_cast<double>(c.listed.size()) / c.items; }

double gini_index(const Counts& c) {
  double rank = c.items - static_cast<double>(c.listed.size()), sum = 0;
  for (const double count : c.listed) sum += (2 * ++rank - c.items - 1) * count;
  return sum / c.sum / c.items;
}

double shannon_entropy(const Counts& c) {
  double sum = 0;
  for (const double count : c.listed) sum -= count / c.sum * std::log(count / c.sum);
  return sum / static_cast<double>(c.listed.size());
}

constexpr std::size_t kMostMetrics = 1000, kMostGiven = 10'000;  // different ones; with those that are given twice

// A metric is a function of one of the three.
struct Entry {
  const char* name;
  double (*of_list)(const Cut&) = nullptr;
  UserValue (*of_scores)(const Ranking&) = nullptr;
  double (*of_counts)(const Counts&) = nullptr;
  bool smaller_is_better = false;
};
constexpr Entry kMetrics[] = {{.name = "ndcg", .of_list = ndcg},
                              {.name = "recall", .of_list = recall},
                              {.name = "precision", .of_list = precision},
                              {.name = "hit", .of_list = hit},
                              {.name = "mrr", .of_list = mrr},
                              {.name = "map", .of_list = map},
                              {.name = "itemcoverage", .of_counts = item_coverage},
                              {.name = "averagepopularity", .of_list = average_popularity, .smaller_is_better = true},
                              {.name = "giniindex", .of_counts = gini_index, .smaller_is_better = true},
                              {.name = "shannonentropy", .of_counts = shannon_entropy},
                              {.name = "tailpercentage", .of_list = tail_percentage},
                              {.name = "gauc", .of_scores = auc}};

const Entry* find(const std::string& name) {
  const auto it =
      std::find_if(std::begin(kMetrics), std::end(kMetrics), [&](const Entry& e) { return name == e.name; });
  return it == std::end(kMetrics) ? nullptr : it;
}

}  // namespace

std::vector<Metric> parse_metrics(const std::vector<std::string>& names, const std::vector<std::int64_t>& topk) {
  std::size_t given = 0;
  for (const std::string& name : names) given += name.find('@') == std::string::npos ? topk.size() + 1 : 1;
  if (given > kMostGiven)
    throw data::UsageError("metrics: expected at most " + std::to_string(kMostGiven) +
                           ", each with each cutoff counted, found more");
  std::vector<Metric> out;
  std::set<std::pair<std::string, std::int64_t>> seen;
  for (std::string name : names) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t at = name.find('@');
    const std::string base = name.substr(0, at);
    const Entry* const entry = find(base);
    if (!entry) {
      std::string known;
      for (const Entry& e : kMetrics) known += (known.empty() ? "" : ", ") + std::string(e.name);
      throw data::UsageError("metrics: expected one of " + known + ", found '" + name + "'");
    }
    const bool own = at != std::string::npos;
    if (own && entry->of_scores) throw data::UsageError("metrics: " + base + " has no cutoff, found " + name);
    std::vector<std::int64_t> cutoffs = entry->of_scores ? std::vector<std::int64_t>{0} : topk;
    if (own) {
      const auto k = data::parse_number<std::int64_t>(std::string_view(name).substr(at + 1));
      if (!k) throw data::UsageError("metrics: expected NAME@K, found '" + name + "'");
      cutoffs = {*k};
    }
    if (cutoffs.empty()) throw data::UsageError("metrics: " + name + " needs a cutoff, as in " + name + "@10");
    for (const std::int64_t k : cutoffs) {
      if (k < 1 && !entry->of_scores)
        throw data::UsageError("metrics: expected a positive cutoff of " + base + ", found " + std::to_string(k));
      if (!seen.emplace(base, k).second) continue;
      if (out.size() == kMostMetrics)
        throw data::UsageError("metrics: expected at most " + std::to_string(kMostMetrics) +
                               ", each with each cutoff counted, found more");
      out.push_back({base, k});
    }
  }
  if (out.empty()) throw data::UsageError("metrics: expected at least one");
  return out;
}

bool is_better(const Metric& metric, double value, std::optional<double> best) {
  if (!best || std::isnan(*best)) return true;
  return find(metric.name)->smaller_is_better ? value < *best : value > *best;
}

bool is_of_all_lists(const Metric& metric) { return find(metric.name)->of_counts != nullptr; }

bool needs_scores(const Metric& metric) { return find(metric.name)->of_scores != nullptr; }

MetricContext metric_context(const data::Csr& train, RecallDenominator recall, std::optional<double> tail_ratio) {
  const auto items = as_size(train.cols);
  MetricContext context{recall, data::count_rows(train.items, items), std::vector<std::uint8_t>(items, 0)};
  const std::vector<std::int64_t>& users = context.popularity;
  std::vector<std::int32_t> seen;
  for (std::int32_t item = 0; item < train.cols; ++item) {
    if (users[as_size(item)] > 0) seen.push_back(item);
  }
  std::stable_sort(seen.begin(), seen.end(),
                   [&](std::int32_t a, std::int32_t b) { return users[as_size(a)] < users[as_size(b)]; });
  const double ratio = tail_ratio && *tail_ratio > 0 ? *tail_ratio : 0.1;
  const auto some = static_cast<double>(seen.size()) * std::min(ratio, 1.0);
  std::size_t tail = std::max<std::size_t>(1, static_cast<std::size_t>(some));
  if (ratio > 1) {
    tail = 0;
    while (tail < seen.size() && static_cast<double>(users[as_size(seen[tail])]) <= ratio) ++tail;
  }
  for (const std::int32_t item : std::span(seen).first(std::min(tail, seen.size()))) context.is_tail[as_size(item)] = 1;
  return context;
}

void evaluate_user(const std::vector<Metric>& metrics, const MetricContext& context, const Ranking& ranking,
                   std::span<UserValue> values) {
  std::vector<std::uint8_t> hits;
  for (const Scored& s : ranking.best) {
    hits.push_back(std::binary_search(ranking.targets.begin(), ranking.targets.end(), s.item) ? 1 : 0);
  }
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    const Metric& metric = metrics[m];
    const Entry& entry = *find(metric.name);
    values[m] = {};
    if (entry.of_scores) values[m] = entry.of_scores(ranking);
    if (!entry.of_list) continue;
    const std::size_t length = std::min(hits.size(), as_size(metric.k));
    const double value = entry.of_list({ranking.best.first(length), std::span(hits).first(length), metric.k,
                                        static_cast<std::int64_t>(ranking.targets.size()), context});
    if (!std::isnan(value)) values[m] = {value, 1};
  }
}

double mean_of(std::span<const UserValue> values, std::size_t first, std::size_t stride) {
  double sum = 0, weight = 0;
  for (std::size_t at = first; at < values.size(); at += stride) {
    if (values[at].weight > 0) sum += values[at].weight * values[at].value;
    weight += values[at].weight;
  }
  return weight > 0 ? sum / weight : std::numeric_limits<double>::quiet_NaN();
}

double value_of_counts(const Metric& metric, std::span<const std::int64_t> counts) {
  const Counts sorted(counts);
  return sorted.sum > 0 ? find(metric.name)->of_counts(sorted) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace recvae
