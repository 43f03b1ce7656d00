#include "filters.h"

namespace recvae::data {
namespace {

template <class Keep>
void keep_rows(Interactions& rows, Keep keep) {
  std::size_t out = 0;
  for (std::size_t k = 0; k < rows.users.size(); ++k) {
    if (!keep(k)) continue;
    rows.users[out] = rows.users[k];
    rows.items[out] = rows.items[k];
    if (!rows.ratings.empty()) rows.ratings[out] = rows.ratings[k];
    ++out;
  }
  rows.users.resize(out);
  rows.items.resize(out);
  if (!rows.ratings.empty()) rows.ratings.resize(out);
}

}  // namespace

std::vector<std::int64_t> count_rows(const std::vector<std::int32_t>& indices, std::size_t size) {
  std::vector<std::int64_t> counts(size, 0);
  for (const std::int32_t index : indices) ++counts[as_size(index)];
  return counts;
}

void keep_ratings_above(Interactions& rows, double threshold) {
  keep_rows(rows, [&](std::size_t k) { return rows.ratings[k] > threshold; });
}

void keep_items_with(Interactions& rows, std::int64_t least_rows) {
  const auto counts = count_rows(rows.items, rows.item_tokens.size());
  keep_rows(rows, [&](std::size_t k) { return counts[as_size(rows.items[k])] >= least_rows; });
}

void keep_users_with(Interactions& rows, std::int64_t least_rows) {
  const auto counts = count_rows(rows.users, rows.user_tokens.size());
  keep_rows(rows, [&](std::size_t k) { return counts[as_size(rows.users[k])] >= least_rows; });
}

}  // namespace recvae::data
