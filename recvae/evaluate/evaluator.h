// Lists of the best items for users, and the metrics of these lists.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../../data/dataset.h"
#include "../settings.h"
#include "metrics.h"
#include "scorer.h"
#include "top_k.h"

namespace recvae {

/// Ranks items for every row of `histories` and calls found(row, best k items but for the excluded ones) from the
/// calling thread, in order.
RECVAE_API void recommend(Scorer& scorer, const data::Csr& histories, std::int64_t k, const Excluded& excluded,
                          const std::function<void(std::int64_t row, std::span<const Scored> best)>& found);

/// The same with found(first row, their lists) for as many rows as are scored together.
RECVAE_API void recommend_in_blocks(
    Scorer& scorer, const data::Csr& histories, std::int64_t k, const Excluded& excluded,
    const std::function<void(std::int64_t first, std::span<const std::vector<Scored>> lists)>& found);

/// What the metrics have to know of the data, as the settings have it.
RECVAE_API MetricContext metric_context(const data::Dataset& data, const Settings& settings);

/// The metric that chooses, of settings that validate() takes.
RECVAE_API Metric valid_metric(const Settings& settings);

/// What came out, for the users that have targets: figures of size users x metrics, never users x items.
struct Evaluation {
  std::vector<double> means;       ///< one per metric; NaN where it is defined for nobody
  std::vector<std::int64_t> rows;  ///< of these users in the held-out matrices
  std::vector<UserValue> values;  ///< [rows, metrics]: sum weight value / sum weight is the mean. Undefined for metrics
                                  ///< of all the lists together

  std::int64_t users() const { return static_cast<std::int64_t>(rows.size()); }  ///< how many
  /// Of one user (a place in `rows`) and one metric.
  const UserValue& value(std::size_t user, std::size_t metric) const { return values[user * means.size() + metric]; }
};

/// Each user's history is shown; it and `masked` are left out of the list, also where they are targets, which are to be
/// found in the best of the rest. Cutoffs may exceed the catalogue.
RECVAE_API Evaluation evaluate(Scorer& scorer, const data::HeldOut& held_out, const std::vector<Metric>& metrics,
                               const MetricContext& context);

}  // namespace recvae
