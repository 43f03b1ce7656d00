// Metrics of a scorer on held-out users.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "../data/dataset.h"
#include "metrics.h"
#include "scorer.h"
#include "top_k.h"

namespace recvae {

/// Ranks items for every row of `histories` and calls found(row, best k items) from the calling thread, in order. Items
/// of the history are left out where `mask_history`, and those with barred[item] != 0 always (empty: none).
void recommend(Scorer& scorer, const data::Csr& histories, std::int64_t k, bool mask_history,
               std::span<const std::uint8_t> barred,
               const std::function<void(std::int64_t row, std::span<const Scored> best)>& found);

/// Means over the users that have targets, one per metric; `users` says how many these are. With none of them the means
/// are NaN.
struct Evaluation {
  std::vector<double> means;
  std::int64_t users = 0;
};

/// Each user's history is shown and masked (also where it is a target); the targets are to be found in the best of the
/// rest. Cutoffs may exceed the catalogue.
Evaluation evaluate(Scorer& scorer, const data::HeldOut& held_out, const std::vector<Metric>& metrics,
                    RecallDenominator denominator);

}  // namespace recvae
