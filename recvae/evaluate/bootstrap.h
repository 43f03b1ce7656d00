// How far results are by chance: intervals, and the comparison of two models on the same users.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "evaluator.h"

namespace recvae {

/// From low to high.
struct Interval {
  ///@{
  /// Its ends.
  double low, high;
  ///@}
};

/// 95 % percentile intervals of the means, one per metric: users are drawn anew with replacement `samples` times
/// (Efron 1979). NaN for metrics of all lists together, which are no means over users, and where nobody has a value.
/// `seed` decides the draws; results do not depend on the number of threads. Throws data::Stopped soon after `stop`,
/// asked by the calling thread, returns true.
RECVAE_API std::vector<Interval> bootstrap(const Evaluation& evaluation, std::int64_t samples, std::uint64_t seed,
                                           const std::function<bool()>& stop = {});

/// Of the mean over users of a's value less b's.
struct Difference {
  double mean;        ///< of a's value less b's
  Interval interval;  ///< as `bootstrap` draws it
  double p;  ///< two-sided p-value of a sign-flip test: how often random signs of the users' differences give a mean
             ///< as far from 0, (1 + so often) / (1 + samples)
};

/// One per metric; of a metric of all lists together only the mean. Both are of the same held-out users and metrics;
/// users without a value in either are left out. Throws std::invalid_argument where they are not; data::Stopped
/// likewise.
RECVAE_API std::vector<Difference> compare(const Evaluation& a, const Evaluation& b, std::int64_t samples,
                                           std::uint64_t seed, const std::function<bool()>& stop = {});

}  // namespace recvae
