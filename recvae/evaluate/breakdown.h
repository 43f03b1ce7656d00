// For whom lists are good, and of which items: metrics by user activity and by item popularity.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../../data/dataset.h"
#include "metrics.h"
#include "scorer.h"

namespace recvae {

/// Numbers from `least` to `most`, and how many there are.
struct Range {
  std::int64_t least = 0;                         ///< the smallest
  std::int64_t most = 0;                          ///< the largest
  std::int64_t count = 0;                         ///< how many
  bool operator==(const Range&) const = default;  ///< equal in all three
};

/// At most `groups` ranges, ascending, with nearly equal counts, of numbers of which `counts` says how often each is
/// there. Equal numbers stand together, so that there may be fewer ranges.
RECVAE_API std::vector<Range> equal_shares(const std::map<std::int64_t, std::int64_t>& counts, std::int64_t groups);

/// A mean within a range.
struct GroupMean {
  Range range;      ///< of what
  double mean = 0;  ///< NaN where the metric is defined for nobody
};

/// A metric by groups.
struct Breakdown {
  std::vector<GroupMean> by_activity;    ///< users, by the items of their history: mean of a metric
  std::vector<GroupMean> by_popularity;  ///< targets, by their item's training users: share that the k best have
};

/// The users with targets in at most `groups` groups, and all their targets in as many: the same ones for every scorer.
/// `metric` is one that users have (not of all lists, nor of scores); lists are made as `evaluate` makes them, once.
RECVAE_API Breakdown breakdown(Scorer& scorer, const data::HeldOut& held_out, const Metric& metric, std::int64_t k,
                               const MetricContext& context, std::int64_t groups = 5);

}  // namespace recvae
