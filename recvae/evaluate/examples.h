// A few held-out users to look at.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../../data/dataset.h"
#include "scorer.h"

namespace recvae {

/// Rows of `count` users who have targets, evenly spread over these; all of them where there are fewer.
RECVAE_API std::vector<std::int64_t> evenly_spread_users(const data::HeldOut& held_out, std::int64_t count);

/// The best k items of each of these rows but for what it has already, as `evaluate` lists them.
RECVAE_API std::vector<std::vector<std::int32_t>> best_items(Scorer& scorer, const data::HeldOut& held_out,
                                                             std::span<const std::int64_t> rows, std::int64_t k);

}  // namespace recvae
