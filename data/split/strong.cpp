#include "strong.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "../filter/filters.h"
#include "../random/numpy.h"

namespace recvae::data {
namespace {

bool is_integer(std::string_view token) {
  if (token.starts_with('-')) token.remove_prefix(1);
  return !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Sign of a - b for decimal integers of any length.
int compare(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view& token) {
    const bool minus = token.starts_with('-');
    token.remove_prefix(std::min(token.find_first_not_of("-0"), token.size()));
    return minus && !token.empty();
  };
  const bool a_negative = digits(a), b_negative = digits(b);
  if (a_negative != b_negative) return a_negative ? -1 : 1;
  const int magnitude = a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : a.compare(b);
  return a_negative ? -magnitude : magnitude;
}

}  // namespace

std::vector<std::int32_t> sorted_order(const std::vector<std::string>& tokens) {
  std::vector<std::int32_t> order(tokens.size());
  std::iota(order.begin(), order.end(), 0);
  const auto token = [&](std::int32_t k) -> const std::string& { return tokens[as_size(k)]; };
  const bool numeric = std::all_of(tokens.begin(), tokens.end(), is_integer);
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    const int by_value = numeric ? compare(token(a), token(b)) : 0;
    return by_value != 0 ? by_value < 0 : token(a) < token(b);
  });
  return order;
}

StrongUsers users_with_rows(const Interactions& rows) {
  const auto counts = count_rows(rows.users, rows.user_tokens.size());
  StrongUsers users{sorted_order(rows.user_tokens), {}};
  std::erase_if(users.sorted, [&](std::int32_t user) { return counts[as_size(user)] == 0; });
  return users;
}

StrongSplit make_strong_split(const Interactions& rows, const StrongUsers& users, const ChooseTargets& choose) {
  StrongSplit split;
  split.rows_read = rows.rows_read;
  split.dropped = rows.dropped;
  split.train_users = users.train_users;
  split.user_tokens.resize(users.sorted.size());
  const auto uid_of = [&](std::int32_t user) { return users.uid_of[as_size(user)]; };
  for (const std::int32_t user : users.sorted)
    split.user_tokens[as_size(uid_of(user))] = rows.user_tokens[as_size(user)];

  const auto trained = [&](std::int32_t uid) { return uid < users.train_users; };
  std::vector<std::int32_t> sid_of(rows.item_tokens.size(), -1);
  std::vector<std::int64_t> held_out;  // rows
  split.train.reserve(rows.rows());
  for (std::size_t k = 0; k < rows.users.size(); ++k) {
    const std::int32_t uid = uid_of(rows.users[k]);
    if (!trained(uid)) {
      held_out.push_back(static_cast<std::int64_t>(k));
      continue;
    }
    std::int32_t& sid = sid_of[as_size(rows.items[k])];
    if (sid < 0) {
      sid = static_cast<std::int32_t>(split.item_tokens.size());
      split.item_tokens.push_back(rows.item_tokens[as_size(rows.items[k])]);
    }
    split.train.add(uid, sid);
  }

  std::vector<std::vector<std::int64_t>> rows_of(users.sorted.size());  // of held-out users, by uid, in file order
  for (const std::int64_t k : held_out) {
    if (sid_of[as_size(rows.items[as_size(k)])] < 0)
      ++split.dropped.unknown_items;
    else
      rows_of[as_size(uid_of(rows.users[as_size(k)]))].push_back(k);
  }
  for (const std::int32_t user : users.sorted) {
    const std::int32_t uid = uid_of(user);
    if (trained(uid)) continue;
    const auto& own = rows_of[as_size(uid)];
    const std::vector<bool> is_target = choose(uid, own);
    auto& tr = uid < users.first_test ? split.validation_tr : split.test_tr;
    auto& te = uid < users.first_test ? split.validation_te : split.test_te;
    for (std::size_t k = 0; k < own.size(); ++k) {
      (is_target[k] ? te : tr).add(uid, sid_of[as_size(rows.items[as_size(own[k])])]);
    }
  }
  return split;
}

StrongSplit split_strong(const Interactions& rows, std::int64_t heldout, std::uint32_t seed) {
  StrongUsers users = users_with_rows(rows);
  const auto n = static_cast<std::int64_t>(users.sorted.size());
  if (heldout < 1 || heldout > (n - 1) / 2)
    throw std::invalid_argument("split_strong: expected 1 <= heldout < users / 2");
  users.train_users = static_cast<std::int32_t>(n - 2 * heldout);
  users.first_test = static_cast<std::int32_t>(n - heldout);
  users.uid_of.assign(rows.user_tokens.size(), -1);
  const auto order = NumpyRandom(seed).permutation(n);
  for (std::size_t uid = 0; uid < order.size(); ++uid) {
    users.uid_of[as_size(users.sorted[as_size(order[uid])])] = static_cast<std::int32_t>(uid);
  }
  NumpyRandom for_validation(seed), for_test(seed);
  return make_strong_split(rows, users, [&](std::int32_t uid, std::span<const std::int64_t> own) {
    NumpyRandom& random = uid < users.first_test ? for_validation : for_test;
    const auto size = static_cast<std::int64_t>(own.size());
    std::vector<bool> is_target(own.size());
    if (size < 5) return is_target;  // nothing is drawn
    for (const auto k : random.choice(size, size / 5)) is_target[as_size(k)] = true;
    return is_target;
  });
}

Dataset make_dataset(StrongSplit split) {
  Dataset out;
  std::int64_t rows = 0;
  for (const auto* part : {&split.train, &split.validation_tr, &split.validation_te, &split.test_tr, &split.test_te}) {
    rows += part->size();
  }
  const auto matrix = [&](IndexedRows& part, std::size_t users) {
    const IndexedRows taken = std::move(part);
    return make_csr(static_cast<std::int64_t>(users), static_cast<std::int32_t>(split.item_tokens.size()), taken.uid,
                    taken.sid);
  };
  out.train = matrix(split.train, as_size(split.train_users));
  const auto held_out = [&](IndexedRows& tr, IndexedRows& te, PartSummary& summary) {
    const std::size_t users = split.user_tokens.size();
    const Csr targets = matrix(te, users);
    for (std::int64_t u = 0; u < out.train.rows(); ++u) {  // of files that overlap: no user is in two parts else
      const auto trained = out.train.row(u);
      for (const std::int32_t item : targets.row(u)) {
        summary.trained_targets += std::binary_search(trained.begin(), trained.end(), item);
      }
    }
    return users_with_targets(matrix(tr, users), targets, split.user_tokens, true);
  };
  out.validation = held_out(split.validation_tr, split.validation_te, out.summary.validation);
  out.test = held_out(split.test_tr, split.test_te, out.summary.test);
  return with_tokens(std::move(out), std::move(split.item_tokens), std::move(split.user_tokens),
                     {split.rows_read, split.dropped, rows});
}

}  // namespace recvae::data
