// What a ranked list is worth, user by user.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace recvae {

/// One user's list, as the metrics see it.
struct Ranking {
  std::span<const std::uint8_t> hits;  ///< best first: is the item a target? As long as the largest cutoff, or shorter
                                       ///< where the catalogue is
  std::int64_t targets = 0;            ///< number of targets, at least 1
};

/// How recall is normalised: the authors divide by min(k, targets), RecBole by all targets.
enum class RecallDenominator { min, all };

/// A metric with its cutoff, such as ndcg@100.
struct Metric {
  std::string name;
  std::int64_t k = 0;

  std::string label() const { return name + "@" + std::to_string(k); }
};

/// `names` with their own cutoffs ("ndcg@100"), the others crossed with `topk`, in that order, each once. Names are
/// read without regard to case. Throws std::invalid_argument that names the known metrics.
std::vector<Metric> parse_metrics(const std::vector<std::string>& names, const std::vector<std::int64_t>& topk);

/// The metric's value for one user. With h_j = 1 where the j-th item is a target, n targets, sums over j <= k:
///   ndcg       sum h_j / log2(j + 1), over the same sum of an ideal list: j <= min(k, n)
///   recall     sum h_j / n, or / min(k, n)
///   precision  sum h_j / k
///   hit        1 if any h_j
///   mrr        1 / j of the first h_j, else 0
///   map        sum h_j precision@j / min(k, n)
double evaluate(const Metric& metric, const Ranking& ranking, RecallDenominator denominator);

}  // namespace recvae
