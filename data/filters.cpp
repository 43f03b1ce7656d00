#include "filters.h"

#include <algorithm>
#include <tuple>

namespace recvae::data {

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

UserRows rows_by_user(const Interactions& rows, std::span<const std::int64_t> order) {
  UserRows out;
  out.begin.assign(rows.user_tokens.size() + 1, 0);
  for (const std::int32_t user : rows.users) ++out.begin[as_size(user) + 1];
  for (std::size_t u = 1; u < out.begin.size(); ++u) out.begin[u] += out.begin[u - 1];
  std::vector<std::int64_t> next(out.begin.begin(), out.begin.end() - 1);
  out.rows.resize(rows.users.size());
  for (std::size_t k = 0; k < rows.users.size(); ++k) {
    const std::int64_t row = order.empty() ? static_cast<std::int64_t>(k) : order[k];
    out.rows[as_size(next[as_size(rows.users[as_size(row)])]++)] = row;
  }
  return out;
}

void drop_repeated(Interactions& rows, bool earliest) {
  std::vector<bool> repeated(rows.users.size());
  UserRows by_user = rows_by_user(rows);
  for (std::size_t user = 0; user < rows.user_tokens.size(); ++user) {
    const auto own = by_user.of(user);
    std::sort(own.begin(), own.end(), [&](std::int64_t a, std::int64_t b) {
      const auto key = [&](std::int64_t row) {
        return std::tuple(rows.items[as_size(row)], earliest ? rows.times[as_size(row)] : 0, row);
      };
      return key(a) < key(b);
    });
    for (std::size_t k = 1; k < own.size(); ++k) {
      repeated[as_size(own[k])] = rows.items[as_size(own[k])] == rows.items[as_size(own[k - 1])];
    }
  }
  rows.repeated += std::count(repeated.begin(), repeated.end(), true);
  keep_rows(rows, [&](std::size_t k) { return !repeated[k]; });
}

}  // namespace recvae::data
