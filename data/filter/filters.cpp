#include "filters.h"

#include <algorithm>
#include <utility>

#include "../error.h"
#include "../split/ratio.h"
#include "../split/time.h"

namespace recvae::data {

std::vector<std::int64_t> count_rows(std::span<const std::int32_t> indices, std::size_t size) {
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
  if (parts.empty()) {
    const Gone gone = judge([&](auto f) {
      for (std::size_t k = 0; k < rows.users.size(); ++k) f(as_size(rows.users[k]), as_size(rows.items[k]));
    });
    return keep_rows(rows, [&](std::size_t k) {
      const bool item = gone.items[as_size(rows.items[k])], user = !item && gone.users[as_size(rows.users[k])];
      items += item;
      users += user;
      return !item && !user;
    });
  }
  enum class Fate : std::uint8_t { kept, item, user };
  std::vector<Fate> fates(rows.users.size());
  std::vector<bool> there(rows.user_tokens.size()), too_late(there.size());
  for (const Part end : {Part::train, Part::validation, Part::test}) {
    const auto for_rows = [&](auto f) {
      for (std::size_t k = 0; k < fates.size(); ++k) {
        if (parts[k] <= end) f(k, as_size(rows.users[k]), as_size(rows.items[k]));
      }
    };
    const Gone gone =
        judge([&](auto f) { for_rows([&](std::size_t, std::size_t user, std::size_t item) { f(user, item); }); });
    for_rows([&](std::size_t k, std::size_t user, std::size_t item) {
      if (parts[k] == end)
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
    if (least.of_item > 0) for_rows([&](std::size_t, std::size_t item) { ++of_item[item]; });
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
  out.begin = first_places(rows.users, static_cast<std::int64_t>(rows.user_tokens.size()));
  std::vector<std::int64_t> next = out.begin;
  out.rows.resize(rows.users.size());
  for (std::size_t k = 0; k < rows.users.size(); ++k) {
    const std::int64_t row = order.empty() ? static_cast<std::int64_t>(k) : order[k];
    out.rows[as_size(next[as_size(rows.users[as_size(row)])]++)] = row;
  }
  return out;
}

namespace {

/// A row of a user, for a sort by item that keeps the order of rows; in one number, as memory is what it waits for.
struct ItemRow {
  std::uint64_t key;

  ItemRow(std::int32_t item, std::size_t row) : key(std::uint64_t{static_cast<std::uint32_t>(item)} << 32 | row) {}
  std::uint64_t item() const { return key >> 32; }
  std::size_t row() const { return key & 0xffffffffu; }
  bool operator<(const ItemRow& other) const { return key < other.key; }
};

/// Of the rows of each pair that repeats drops those that `choose(own, keep)`, given them in the order in which they
/// stand, does not call `keep` for.
template <class Choose>
void keep_of_pairs(Interactions& rows, const Choose& choose) {
  if (rows.users.size() > 0xffffffffu) throw DataError("expected fewer than 2^32 rows to look for repeated pairs in");
  const std::vector<std::int64_t> begin = first_places(rows.users, static_cast<std::int64_t>(rows.user_tokens.size()));
  std::vector<std::int64_t> next = begin;
  std::vector<ItemRow> all(rows.users.size(), {0, 0});
  for (std::size_t k = 0; k < all.size(); ++k) all[as_size(next[as_size(rows.users[k])]++)] = {rows.items[k], k};
  std::vector<bool> dropped(all.size());
  for (std::size_t user = 0; user + 1 < begin.size(); ++user) {
    auto own = std::span(all).subspan(as_size(begin[user]), as_size(begin[user + 1] - begin[user]));
    std::sort(own.begin(), own.end());
    while (!own.empty()) {
      const auto end =
          std::find_if(own.begin(), own.end(), [&](const ItemRow& row) { return row.item() != own[0].item(); });
      const auto alike = own.first(static_cast<std::size_t>(end - own.begin()));
      own = own.subspan(alike.size());
      if (alike.size() == 1) continue;
      for (const ItemRow& row : alike) dropped[row.row()] = true;
      choose(alike, [&](const ItemRow& row) { dropped[row.row()] = false; });
    }
  }
  rows.dropped.repeated += std::count(dropped.begin(), dropped.end(), true);
  keep_rows(rows, [&](std::size_t k) { return !dropped[k]; });
}

}  // namespace

void drop_repeated(Interactions& rows, bool earliest) {
  keep_of_pairs(rows, [&](std::span<const ItemRow> own, const auto& keep) {
    const auto before = [&](const ItemRow& a, const ItemRow& b) { return rows.times[a.row()] < rows.times[b.row()]; };
    keep(earliest ? *std::min_element(own.begin(), own.end(), before) : own.front());
  });
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
  keep_of_pairs(rows, [&](std::span<const ItemRow> own, const auto& keep) {
    for (const Part part : {Part::train, Part::validation, Part::test}) {
      const auto is_of = [&](const ItemRow& row) { return (parts.empty() ? Part::train : parts[row.row()]) == part; };
      if (const auto first = std::find_if(own.begin(), own.end(), is_of); first != own.end())
        keep(last ? *std::find_if(own.rbegin(), own.rend(), is_of) : *first);
    }
  });
}

}  // namespace recvae::data
