#pragma once

#include <cstdint>
#include <vector>

#include "csr.h"
#include "interactions.h"

/// Filters drop rows in place and keep the order of the rest. Tokens stay, so that indices keep their meaning.
namespace recvae::data {

void keep_ratings_above(Interactions& rows, double threshold);      ///< rating > threshold; needs ratings
void keep_items_with(Interactions& rows, std::int64_t least_rows);  ///< items that occur in so many rows
void keep_users_with(Interactions& rows, std::int64_t least_rows);  ///< users likewise
std::vector<std::int64_t> count_rows(const std::vector<std::int32_t>& indices, std::size_t size);  ///< rows per index

}  // namespace recvae::data
