#include "metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace recvae {
namespace {

// One list cut at k: the last hits of a short catalogue simply are not there.
struct Cut {
  std::span<const std::uint8_t> hits;
  std::int64_t k, targets;
  RecallDenominator denominator;

  std::int64_t reachable() const { return std::min(k, targets); }
  double hit_count() const { return static_cast<double>(std::count(hits.begin(), hits.end(), 1)); }
};

double discount(std::size_t position) { return 1 / std::log2(static_cast<double>(position) + 2); }

double ndcg(const Cut& c) {
  double gain = 0, ideal = 0;
  for (std::size_t j = 0; j < c.hits.size(); ++j) gain += c.hits[j] ? discount(j) : 0;
  for (std::size_t j = 0; j < static_cast<std::size_t>(c.reachable()); ++j) ideal += discount(j);
  return gain / ideal;
}

double recall(const Cut& c) {
  return c.hit_count() / static_cast<double>(c.denominator == RecallDenominator::min ? c.reachable() : c.targets);
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

struct Entry {
  const char* name;
  double (*value)(const Cut&);
};
constexpr Entry kMetrics[] = {{"ndcg", ndcg}, {"recall", recall}, {"precision", precision},
                              {"hit", hit},   {"mrr", mrr},       {"map", map}};

const Entry* find(const std::string& name) {
  const auto it =
      std::find_if(std::begin(kMetrics), std::end(kMetrics), [&](const Entry& e) { return name == e.name; });
  return it == std::end(kMetrics) ? nullptr : it;
}

}  // namespace

std::vector<Metric> parse_metrics(const std::vector<std::string>& names, const std::vector<std::int64_t>& topk) {
  std::vector<Metric> out;
  const auto add = [&](const std::string& name, std::int64_t k) {
    if (k < 1)
      throw std::invalid_argument("metrics: expected a positive cutoff of " + name + ", found " + std::to_string(k));
    const bool known = std::any_of(out.begin(), out.end(), [&](const Metric& m) { return m.name == name && m.k == k; });
    if (!known) out.push_back({name, k});
  };
  for (std::string name : names) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t at = name.find('@');
    const std::string base = name.substr(0, at);
    if (!find(base)) {
      std::string known;
      for (const Entry& e : kMetrics) known += (known.empty() ? "" : ", ") + std::string(e.name);
      throw std::invalid_argument("metrics: expected one of " + known + ", found '" + name + "'");
    }
    if (at == std::string::npos) {
      if (topk.empty()) throw std::invalid_argument("metrics: " + name + " needs a cutoff, as in " + name + "@10");
      for (std::int64_t k : topk) add(base, k);
      continue;
    }
    std::int64_t k = 0;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + at + 1, end, k);
    if (error != std::errc() || stop != end)
      throw std::invalid_argument("metrics: expected NAME@K, found '" + name + "'");
    add(base, k);
  }
  if (out.empty()) throw std::invalid_argument("metrics: expected at least one");
  return out;
}

double evaluate(const Metric& metric, const Ranking& ranking, RecallDenominator denominator) {
  const std::size_t length = std::min(ranking.hits.size(), static_cast<std::size_t>(metric.k));
  return find(metric.name)->value({ranking.hits.first(length), metric.k, ranking.targets, denominator});
}

}  // namespace recvae
