// Simple recommenders that a model has to beat.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "../../autodiff/kernels/api.h"
#include "item_weights.h"

namespace recvae {

/// What baselines are told.
struct BaselineOptions {
  double lambda = 250;                     ///< of ease and edlae, positive (RecBole's reg_weight and its default)
  double dropout = 0.25;                   ///< of edlae, in [0, 1)
  std::optional<bool> double_precision{};  ///< of ease's and edlae's matrix; default: up to 20,000 items
  std::int64_t neighbors = 100;            ///< of itemknn (RecBole's k and its default)
  std::function<bool()> stop{};            ///< asked while ease's matrix is inverted: true ends that with Stopped
};

/// The baseline of that name, learned from the rows of `train`, which need not live longer:
///   popularity  the number of training users of an item, the same for everybody
///   ease        x B with B = I - P / diag(P), P = (X^T X + lambda I)^-1 (Steck, WWW 2019): items x items numbers
///   edlae       the same with P = (X^T X + lambda I + dropout / (1 - dropout) diag(X^T X))^-1 (Steck, NeurIPS 2020)
///   itemknn     x S with S[i, j] = |i and j| / sqrt(|i| |j|), where |i and j| users have both (cosine similarity); of
///               each j the `neighbors` largest, of equal ones the lower i: items x neighbors numbers
/// Throws data::UsageError that names the known ones, or an option that is wrong; ad::Error where ease's matrix
/// cannot be inverted, for a lambda that is too small.
RECVAE_API std::unique_ptr<Scorer> make_baseline(const std::string& name, const data::Csr& train,
                                                 const BaselineOptions& options = {});

/// What such a baseline learns, of those that learn item-item weights: all but popularity. Throws as make_baseline.
RECVAE_API ItemWeights learn_item_weights(const std::string& name, const data::Csr& train,
                                          const BaselineOptions& options = {});

/// The options that mean something to a baseline.
struct BaselineUses {
  ///@{
  /// Of the same name in BaselineOptions.
  bool lambda = false, dropout = false, neighbors = false;
  ///@}
};
RECVAE_API BaselineUses baseline_uses(const std::string& name);  ///< throws as make_baseline

/// Throws as make_baseline would, whatever the data.
RECVAE_API void check_baseline(const std::string& name, const BaselineOptions& options = {});
RECVAE_API bool has_item_weights(const std::string& name);  ///< is there a baseline of that name that learns them?

/// What a baseline takes, nearly, beside the data.
struct Cost {
  double bytes = 0;    ///< of memory
  double seconds = 0;  ///< to learn from `train` and to score `histories`, at 100 GFLOP/s in double precision and 1 G
                       ///< additions per second out of memory
};
/// Of that baseline; throws as make_baseline.
RECVAE_API Cost baseline_cost(const std::string& name, const data::Csr& train, const data::Csr& histories,
                              const BaselineOptions& options = {});

}  // namespace recvae
