// Simple recommenders that a model has to beat.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "../evaluate/evaluator.h"

namespace recvae {

struct BaselineOptions {
  double lambda = 250;                     ///< of ease, positive (RecBole's reg_weight and its default)
  std::optional<bool> double_precision{};  ///< of ease's matrix; default: up to 20,000 items
  std::int64_t neighbors = 100;            ///< of itemknn (RecBole's k and its default)
};

/// The baseline of that name, learned from the rows of `train`, which need not live longer:
///   popularity  the number of training users of an item, the same for everybody
///   ease        x B with B = I - P / diag(P), P = (X^T X + lambda I)^-1 (Steck, WWW 2019): items x items numbers
///   itemknn     x S with S[i, j] = |i and j| / sqrt(|i| |j|), where |i and j| users have both (cosine similarity); of
///               each j the `neighbors` largest, of equal ones the lower i: items x neighbors numbers
/// Throws data::UsageError that names the known ones, or an option that is wrong; ad::Error where ease's matrix
/// cannot be inverted, for a lambda that is too small.
std::unique_ptr<Scorer> make_baseline(const std::string& name, const data::Csr& train,
                                      const BaselineOptions& options = {});

/// Throws as make_baseline would, whatever the data.
void check_baseline(const std::string& name, const BaselineOptions& options = {});

/// What a baseline takes, nearly, beside the data.
struct Cost {
  double bytes = 0;    ///< of memory
  double seconds = 0;  ///< to learn from `train` and to score `histories`, at 100 GFLOP/s in double precision and 1 G
                       ///< additions per second out of memory
};
Cost baseline_cost(const std::string& name, const data::Csr& train, const data::Csr& histories,
                   const BaselineOptions& options = {});

/// A lambda of ease, and what else was tried.
struct LambdaChoice {
  double lambda = 0;
  std::map<double, double> tried;  ///< lambda and the metric on validation; NaN where it was too small to compute
};

/// The power of two whose ease, in single precision, learned from the training part, is best on validation: steps of
/// four from 16 to 1024, on while the edge wins (within 2^-6 .. 2^20), then steps of two beside the best; of equal ones
/// the smallest. That of `options`, nothing tried, where there is no validation or where this and the test would cost
/// more than `seconds` by baseline_cost; the search ends where they run out.
LambdaChoice choose_lambda(const data::Dataset& data, const Metric& metric, const MetricContext& context,
                           const BaselineOptions& options, double seconds);

}  // namespace recvae
