#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../interactions.h"
#include "weak.h"

/// RecBole's weak splits by number of rows. `order` is a permutation of all rows: within a group, what comes first in
/// it is trained on and what comes last is tested on.
namespace recvae::data {

/// Rows by time; equal times in file order. Needs times.
RECVAE_API std::vector<std::int64_t> time_order(const Interactions& rows);

using Ratios = std::array<double, 3>;  ///< of training, validation and test, none negative, the first positive

/// Of each user's n rows (or, not `by_user`, of all) floor(r n) are validation's and test's, r being their share of the
/// ratios' sum; the others are for training. Then, as long as training has more than one, first test and then
/// validation get a row of it if 0 < r n < 1.
RECVAE_API std::vector<Part> split_by_ratio(const Interactions& rows, std::span<const std::int64_t> order,
                                            const Ratios& ratios, bool by_user = true);

/// Each user's last row is test's, the one before it validation's; of two rows none is, and a single one is for
/// training.
RECVAE_API std::vector<Part> leave_one_out(const Interactions& rows, std::span<const std::int64_t> order);

}  // namespace recvae::data
