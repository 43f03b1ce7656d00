// What others have ranked, to be evaluated as everything else is.
#pragma once

#include <memory>
#include <span>

#include "scorer.h"

namespace recvae {

/// Scores that are there already: of row u of the histories row u, [users, items]. NaN and -inf are never listed. What
/// it is made of outlives it.
RECVAE_API std::unique_ptr<Scorer> given_scores(ad::Matrix<const float> scores);

/// Lists that are there already, best first: of row u of the histories items[u k] .. items[(u + 1) k - 1], up to the
/// first that is negative. What is excluded, or stands in a list twice, is left out. There are no scores: metrics that
/// need them are a std::invalid_argument, and so is an item beyond the histories' columns. `items` outlives it.
RECVAE_API std::unique_ptr<Scorer> given_lists(std::span<const std::int32_t> items, std::int64_t k);

}  // namespace recvae
