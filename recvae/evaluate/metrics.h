// What ranked lists are worth: RecBole's metrics, and the authors' recall.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../../data/csr.h"
#include "top_k.h"

namespace recvae {

/// How recall is normalised: the authors divide by min(k, targets), RecBole by all targets.
enum class RecallDenominator {
  min,  ///< min(k, targets)
  all   ///< targets
};

/// A metric with its cutoff, such as ndcg@100; gauc has none.
struct Metric {
  std::string name;    ///< in small letters
  std::int64_t k = 0;  ///< 0: none

  std::string label() const { return k == 0 ? name : name + "@" + std::to_string(k); }  ///< name, and @ and the cutoff
  bool operator==(const Metric&) const = default;                                       ///< equal in both
};

/// `names` with their own cutoffs ("ndcg@100"), the others crossed with `topk`, in that order, each once. Names are
/// read without regard to case. Throws data::UsageError that names the known metrics.
RECVAE_API std::vector<Metric> parse_metrics(const std::vector<std::string>& names,
                                             const std::vector<std::int64_t>& topk);

/// Is `value` better than the best so far? Anything is better than nothing and NaN. Of averagepopularity and giniindex
/// the smaller is better, of the others the larger.
RECVAE_API bool is_better(const Metric& metric, double value, std::optional<double> best);

RECVAE_API bool is_of_all_lists(const Metric& metric);  ///< together: no user has a value of its own
RECVAE_API bool needs_scores(const Metric& metric);     ///< of every item, beside the list

/// What the metrics have to know beside a list.
struct MetricContext {
  RecallDenominator recall = RecallDenominator::min;  ///< see there
  std::vector<std::int64_t> popularity;               ///< training users of each item
  std::vector<std::uint8_t> is_tail;                  ///< of each item
};

/// Counts the rows of `train`. The tail is, of the items that occur in `train`,
///   tail_ratio > 1       those with at most so many training users,
///   tail_ratio in (0, 1] the first max(int(m tail_ratio), 1) of these m items by (training users, index);
/// none or a ratio of 0 and less is 0.1.
RECVAE_API MetricContext metric_context(const data::Csr& train, RecallDenominator recall,
                                        std::optional<double> tail_ratio = {});

/// One user's list, as the metrics see it.
struct Ranking {
  std::span<const Scored> best;           ///< best first, candidates only; as long as the largest cutoff, or shorter
  std::span<const std::int32_t> targets;  ///< ascending, at least one
  std::span<const float> scores;          ///< of every item; -inf and NaN: not a candidate. Empty where not needed
};

/// A user's share of a mean. Undefined: a weight of 0.
struct UserValue {
  double value = std::numeric_limits<double>::quiet_NaN();  ///< of the user
  double weight = 0;                                        ///< in the mean
};

/// Of values first, first + stride, ..: sum weight value / sum weight; NaN where the weights are 0.
RECVAE_API double mean_of(std::span<const UserValue> values, std::size_t first, std::size_t stride);

/// One user's values, one per metric. With h_j = 1 where the j-th item of the list is a target, n targets, sums over
/// j <= k, and L <= k the items that the list has:
///   ndcg               sum h_j / log2(j + 1), over the same sum of an ideal list: j <= min(k, n)
///   recall             sum h_j / n, or / min(k, n)
///   precision          sum h_j / k
///   hit                1 if any h_j
///   mrr                1 / j of the first h_j, else 0
///   map                sum h_j (precision at j) / min(k, n)
///   averagepopularity  mean over the L items of their training users; undefined where L is 0
///   tailpercentage     mean over the L items of being in the tail; likewise
///   gauc               the chance that a target's score is above that of a candidate which is none (ties count half);
///                      users weigh as many as they have targets among the candidates; undefined where all are
/// Metrics of all lists together (see `value_of_counts`) are undefined. Source: RecBole 1.2.1.
RECVAE_API void evaluate_user(const std::vector<Metric>& metrics, const MetricContext& context, const Ranking& ranking,
                              std::span<UserValue> values);

/// Metrics of how often each item stands in the lists of all users, cut at k: `counts` says that, their sum is S, m are
/// not 0, and N = counts + 1 (RecBole counts its padding item).
///   itemcoverage    m / N
///   giniindex       sum (2 r - N - 1) c / (S N) over the items in ascending order of c, r from N - m + 1 to N
///   shannonentropy  -(sum p ln p) / m with p = c / S
/// NaN where S is 0.
RECVAE_API double value_of_counts(const Metric& metric, std::span<const std::int64_t> counts);

}  // namespace recvae
