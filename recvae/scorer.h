// What ranks items for users: a model, or a baseline (baselines.h).
#pragma once

#include <memory>

#include "../data/csr.h"
#include "model.h"

namespace recvae {

/// Users that are scored together, always: BLAS's bits depend on the number of rows, and a user's scores must not
/// depend on who else is asked for.
inline constexpr std::int64_t kScoredTogether = 64;

/// Scores every item for a few users at a time. Keeps work memory, so one thread at a time; uses all threads inside.
class Scorer {
 public:
  virtual ~Scorer() = default;
  /// scores [kScoredTogether, items] <- for rows first .. of `histories`, as many as there are; what lies beyond them
  /// is unspecified. Higher is better. Histories are not masked.
  virtual void score(const data::Csr& histories, std::int64_t first, ad::Matrix<float> scores) = 0;
};

/// decoder(mu(history)): the posterior's mean, no noise, no dropout. The model outlives it.
std::unique_ptr<Scorer> model_scorer(const RecVae<float>& model);

}  // namespace recvae
