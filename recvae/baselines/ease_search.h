// The settings of ease and edlae, chosen on validation.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "../../autodiff/kernels/api.h"
#include "../../data/dataset.h"
#include "../evaluate/evaluator.h"
#include "baselines.h"

namespace recvae {

/// What the search leaves as it is in the options, whatever it is.
struct EaseFixed {
  bool lambda = false;   ///< is it given?
  bool dropout = false;  ///< is it given? ease has none
};

/// The choice, and what else was tried.
struct EaseChoice {
  ///@{
  /// The best.
  double lambda = 0, dropout = 0;
  ///@}
  /// (dropout, lambda) and the metric on validation; NaN where lambda was too small to compute.
  std::map<std::pair<double, double>, double> tried{};
};

/// The lambda, and of edlae the dropout, whose weights in single precision, learned from the training part, are best on
/// validation; of equal ones the smallest lambda, then the smallest dropout. Powers of two: lambda in steps of four
/// from 16 to 1024, on while the edge wins (within 2^-6 .. 2^20), then in steps of two beside the best; then dropout /
/// (1 - dropout) in steps of two, on while the edge wins (within 2^-7 .. 2^7), and lambda in steps of two again. Those
/// of `options`, nothing tried, where there is no validation, or where six tries and the test would cost more than
/// `seconds` by baseline_cost; the search ends where they run out.
RECVAE_API EaseChoice choose_ease(const std::string& name, const data::Dataset& data, const Metric& metric,
                                  const MetricContext& context, const BaselineOptions& options, EaseFixed fixed,
                                  double seconds);

}  // namespace recvae
