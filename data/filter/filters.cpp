#include "filters.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "../split/ratio.h"
#include "../split/time.h"

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

void keep_what_is_kept(Interactions& rows) {
  rows.dropped.val_interval += rows.rows();
  keep_rows(rows, [&](std::size_t k) { return rows.kept[k] != 0; });
  rows.dropped.val_interval -= rows.rows();
  rows.kept = {};
}

namespace {

/// Users and items that have to go.
struct Gone {
  std::vector<bool> items, users;

  bool has(std::size_t user, std::size_t item) const { return items[item] || users[user]; }
};

/// Drops the rows of items and users that have to go by what `judge(for_rows)` says of a set of rows: all, or, of a
/// time split, for each part those up to its end: f(user, item) is called for each. `items` and `users` count what
/// went.
template <class Judge>
void drop_judged(Interactions& rows, std::span<const Part> parts, bool new_users, const Judge& judge,
                 std::int64_t& items, std::int64_t& users) {
  const auto part = [&](std::size_t k) { return parts.empty() ? Part::test : parts[k]; };
  enum class Fate : std::uint8_t { kept, item, user };
  std::vector<Fate> fates(rows.users.size());
  std::vector<bool> there(rows.user_tokens.size()), too_late(there.size());
  for (const Part end : {Part::train, Part::validation, Part::test}) {
    if (parts.empty() && end != Part::test) continue;
    const auto for_rows = [&](auto f) {
      for (std::size_t k = 0; k < fates.size(); ++k) {
        if (part(k) <= end) f(k, as_size(rows.users[k]), as_size(rows.items[k]));
      }
    };
    const Gone gone =
        judge([&](auto f) { for_rows([&](std::size_t, std::size_t user, std::size_t item) { f(user, item); }); });
    for_rows([&](std::size_t k, std::size_t user, std::size_t item) {
      if (part(k) == end)
        fates[k] = gone.items[item] ? Fate::item : gone.users[user] ? Fate::user : Fate::kept;
      else if (!there[user] && !gone.has(user, item))
        too_late[user] = new_users;
    });
    for_rows([&](std::size_t, std::size_t user, std::size_t item) {
      if (!gone.has(user, item)) there[user] = true;
    });
  }
  for (std::size_t k = 0; k < fates.size(); ++k) {
    if (fates[k] == Fate::kept && too_late[as_size(rows.users[k])]) fates[k] = Fate::user;
  }
  items += std::count(fates.begin(), fates.end(), Fate::item);
  users += std::count(fates.begin(), fates.end(), Fate::user);
  keep_rows(rows, [&](std::size_t k) { return fates[k] == Fate::kept; });
}

}  // namespace

void keep_frequent(Interactions& rows, LeastRows least, std::span<const Part> parts, bool new_users) {
  const auto judge = [&](const auto& for_rows) {
    std::vector<std::int64_t> of_item(rows.item_tokens.size()), of_user(rows.user_tokens.size());
    for_rows([&](std::size_t, std::size_t item) { ++of_item[item]; });
    for_rows([&](std::size_t user, std::size_t item) { of_user[user] += of_item[item] >= least.of_item; });
    Gone gone{std::vector<bool>(of_item.size()), std::vector<bool>(of_user.size())};
    for (std::size_t item = 0; item < of_item.size(); ++item) gone.items[item] = of_item[item] < least.of_item;
    for (std::size_t user = 0; user < of_user.size(); ++user) gone.users[user] = of_user[user] < least.of_user;
    return gone;
  };
  drop_judged(rows, parts, new_users, judge, rows.dropped.rare_items, rows.dropped.short_users);
}

void keep_in_intervals(Interactions& rows, const Intervals* of_user, const Intervals* of_item,
                       std::span<const Part> parts, bool new_users) {
  const auto judge = [&](const auto& for_rows) {
    Gone gone{std::vector<bool>(rows.item_tokens.size()), std::vector<bool>(rows.user_tokens.size())};
    for (bool more = true; more;) {  // items and users go by the same counts, and then others may have to
      std::vector<std::int64_t> item_rows(gone.items.size()), user_rows(gone.users.size());
      for_rows([&](std::size_t user, std::size_t item) {
        if (gone.has(user, item)) return;
        ++item_rows[item];
        ++user_rows[user];
      });
      more = false;
      const auto judge_all = [&](const Intervals* within, const std::vector<std::int64_t>& counts,
                                 std::vector<bool>& out) {
        for (std::size_t k = 0; within && k < counts.size(); ++k) {
          if (counts[k] == 0 || within->contains(static_cast<double>(counts[k]))) continue;
          out[k] = more = true;
        }
      };
      judge_all(of_item, item_rows, gone.items);
      judge_all(of_user, user_rows, gone.users);
    }
    return gone;
  };
  drop_judged(rows, parts, new_users, judge, rows.dropped.item_interval, rows.dropped.user_interval);
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

namespace {

/// Drops all of the rows of a user that are alike but the first, or the last, in the order of `before`, which has those
/// that are alike side by side.
template <class Before, class Alike>
void keep_one(Interactions& rows, bool last, const Before& before, const Alike& alike) {
  std::vector<bool> repeated(rows.users.size());
  UserRows by_user = rows_by_user(rows);
  for (std::size_t user = 0; user < rows.user_tokens.size(); ++user) {
    const auto own = by_user.of(user);
    std::sort(own.begin(), own.end(), [&](std::int64_t a, std::int64_t b) { return before(as_size(a), as_size(b)); });
    for (std::size_t k = 1; k < own.size(); ++k) {
      if (alike(as_size(own[k - 1]), as_size(own[k]))) repeated[as_size(own[last ? k - 1 : k])] = true;
    }
  }
  rows.dropped.repeated += std::count(repeated.begin(), repeated.end(), true);
  keep_rows(rows, [&](std::size_t k) { return !repeated[k]; });
}

}  // namespace

void drop_repeated(Interactions& rows, bool earliest) {
  const auto key = [&](std::size_t k) { return std::tuple(rows.items[k], earliest ? rows.times[k] : 0, k); };
  keep_one(
      rows, false, [&](std::size_t a, std::size_t b) { return key(a) < key(b); },
      [&](std::size_t a, std::size_t b) { return rows.items[a] == rows.items[b]; });
}

void remove_repeated(Interactions& rows, bool last, const Boundaries* at) {
  if (!rows.times.empty()) {
    const std::vector<std::int64_t> order = time_order(rows);
    rows.for_columns([&](auto& column) {
      auto sorted = column;
      for (std::size_t k = 0; k < order.size(); ++k) sorted[k] = column[as_size(order[k])];
      column = std::move(sorted);
    });
  }
  const std::vector<Part> parts = at ? split_by_time(rows, *at) : std::vector<Part>{};
  const auto kind = [&](std::size_t k) { return std::pair(rows.items[k], parts.empty() ? Part::train : parts[k]); };
  keep_one(
      rows, last, [&](std::size_t a, std::size_t b) { return std::pair(kind(a), a) < std::pair(kind(b), b); },
      [&](std::size_t a, std::size_t b) { return kind(a) == kind(b); });
}

}  // namespace recvae::data
