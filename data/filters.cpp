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
  rows.dropped.threshold += rows.rows();
  keep_rows(rows, [&](std::size_t k) { return rows.ratings[k] > threshold; });
  rows.dropped.threshold -= rows.rows();
}

void keep_frequent(Interactions& rows, LeastRows least, std::span<const Part> parts, bool new_users) {
  const auto part = [&](std::size_t k) { return parts.empty() ? Part::test : parts[k]; };
  enum class Fate : std::uint8_t { kept, rare_item, short_user };
  std::vector<Fate> fates(rows.users.size());
  std::vector<bool> there(rows.user_tokens.size()), too_late(there.size());
  for (const Part end : {Part::train, Part::validation, Part::test}) {
    if (parts.empty() && end != Part::test) continue;
    std::vector<std::int64_t> of_item(rows.item_tokens.size()), of_user(rows.user_tokens.size());
    const auto for_rows = [&](auto f) {
      for (std::size_t k = 0; k < fates.size(); ++k) {
        if (part(k) <= end) f(k, as_size(rows.users[k]), as_size(rows.items[k]));
      }
    };
    const auto fate = [&](std::size_t user, std::size_t item) {
      return of_item[item] < least.of_item   ? Fate::rare_item
             : of_user[user] < least.of_user ? Fate::short_user
                                             : Fate::kept;
    };
    for_rows([&](std::size_t, std::size_t, std::size_t item) { ++of_item[item]; });
    for_rows([&](std::size_t, std::size_t user, std::size_t item) { of_user[user] += of_item[item] >= least.of_item; });
    for_rows([&](std::size_t k, std::size_t user, std::size_t item) {
      if (part(k) == end)
        fates[k] = fate(user, item);
      else if (!there[user] && fate(user, item) == Fate::kept)
        too_late[user] = new_users;
    });
    for_rows([&](std::size_t, std::size_t user, std::size_t item) {
      if (fate(user, item) == Fate::kept) there[user] = true;
    });
  }
  for (std::size_t k = 0; k < fates.size(); ++k) {
    if (fates[k] == Fate::kept && too_late[as_size(rows.users[k])]) fates[k] = Fate::short_user;
  }
  rows.dropped.rare_items += std::count(fates.begin(), fates.end(), Fate::rare_item);
  rows.dropped.short_users += std::count(fates.begin(), fates.end(), Fate::short_user);
  keep_rows(rows, [&](std::size_t k) { return fates[k] == Fate::kept; });
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
  rows.dropped.repeated += std::count(repeated.begin(), repeated.end(), true);
  keep_rows(rows, [&](std::size_t k) { return !repeated[k]; });
}

}  // namespace recvae::data
