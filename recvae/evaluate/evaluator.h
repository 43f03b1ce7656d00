// Lists of the best items for users, and the metrics of these lists.
#pragma once

#include <functional>
#include <map>
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

/// The same, a block of users at a time. What it is made of outlives it.
class RECVAE_API EvaluationInSteps {
 public:
  /// Of these.
  EvaluationInSteps(Scorer& scorer, const data::HeldOut& held_out, const std::vector<Metric>& metrics,
                    const MetricContext& context);

  bool finished() const { return first_ >= held_out_.history.rows(); }  ///< nothing is left to do?
  std::int64_t rows_done() const { return first_; }                     ///< users so far, of held_out.history.rows()
  void step();                                                          ///< the next block
  Evaluation take();                                                    ///< the result, once it is finished

 private:
  Scorer& scorer_;
  const data::HeldOut& held_out_;
  std::vector<Metric> metrics_;
  const MetricContext& context_;
  std::int64_t largest_ = 0, first_ = 0;                      // the largest cutoff; the next row
  std::map<std::int64_t, std::vector<std::int64_t>> counts_;  // by cutoff: how often each item is listed
  std::vector<std::int64_t> place_;                           // of a row in the result; -1: it has no targets
  bool whole_rows_;  // of scores: made only for metrics that look at them, and then for fewer users at a time
  std::int64_t block_;
  ad::Tensor<float> memory_;
  std::vector<std::vector<Scored>> best_;
  Evaluation result_;
};

}  // namespace recvae
