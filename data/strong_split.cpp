#include "strong_split.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "filters.h"
#include "numpy_random.h"

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

StrongSplit split_strong(const Interactions& rows, std::int64_t heldout, std::uint32_t seed) {
  const auto counts = count_rows(rows.users, rows.user_tokens.size());
  std::vector<std::int32_t> users = sorted_order(rows.user_tokens);
  std::erase_if(users, [&](std::int32_t user) { return counts[as_size(user)] == 0; });
  const auto n = static_cast<std::int64_t>(users.size());
  if (heldout < 1 || heldout > (n - 1) / 2)
    throw std::invalid_argument("split_strong: expected 1 <= heldout < users / 2");

  StrongSplit split;
  split.rows_read = rows.rows_read;
  split.train_users = static_cast<std::int32_t>(n - 2 * heldout);
  const auto first_test = static_cast<std::int32_t>(n - heldout);
  const auto order = NumpyRandom(seed).permutation(n);
  std::vector<std::int32_t> uid_of(rows.user_tokens.size(), -1);
  split.user_tokens.reserve(as_size(n));
  for (std::size_t uid = 0; uid < order.size(); ++uid) {
    const std::int32_t user = users[as_size(order[uid])];
    uid_of[as_size(user)] = static_cast<std::int32_t>(uid);
    split.user_tokens.push_back(rows.user_tokens[as_size(user)]);
  }

  std::int64_t train_rows = 0;
  for (const std::int32_t user : users) {
    if (uid_of[as_size(user)] < split.train_users) train_rows += counts[as_size(user)];
  }
  split.train.uid.reserve(as_size(train_rows));
  split.train.sid.reserve(as_size(train_rows));
  std::vector<std::int32_t> sid_of(rows.item_tokens.size(), -1);
  for (std::size_t k = 0; k < rows.users.size(); ++k) {
    const std::int32_t uid = uid_of[as_size(rows.users[k])];
    if (uid >= split.train_users) continue;
    std::int32_t& sid = sid_of[as_size(rows.items[k])];
    if (sid < 0) {
      sid = static_cast<std::int32_t>(split.item_tokens.size());
      split.item_tokens.push_back(rows.item_tokens[as_size(rows.items[k])]);
    }
    split.train.add(uid, sid);
  }

  std::vector<std::vector<std::int32_t>> items_of(as_size(n));  // of held-out users, by uid, in file order
  for (std::size_t k = 0; k < rows.users.size(); ++k) {
    const std::int32_t uid = uid_of[as_size(rows.users[k])];
    const std::int32_t sid = sid_of[as_size(rows.items[k])];
    if (uid >= split.train_users && sid >= 0) items_of[as_size(uid)].push_back(sid);
  }
  const auto heldout_part = [&](std::int32_t from, std::int64_t to, IndexedRows& tr, IndexedRows& te) {
    NumpyRandom random(seed);
    for (const std::int32_t user : users) {
      const std::int32_t uid = uid_of[as_size(user)];
      if (uid < from || uid >= to) continue;
      const auto& items = items_of[as_size(uid)];
      std::vector<bool> target(items.size());
      if (items.size() >= 5) {
        const auto count = static_cast<std::int64_t>(0.2 * static_cast<double>(items.size()));
        for (const auto k : random.choice(static_cast<std::int64_t>(items.size()), count)) target[as_size(k)] = true;
      }
      for (std::size_t k = 0; k < items.size(); ++k) (target[k] ? te : tr).add(uid, items[k]);
    }
  };
  heldout_part(split.train_users, first_test, split.validation_tr, split.validation_te);
  heldout_part(first_test, n, split.test_tr, split.test_te);
  return split;
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
  const auto held_out = [&](IndexedRows& tr, IndexedRows& te) {
    const std::size_t users = split.user_tokens.size();
    return users_with_targets(matrix(tr, users), matrix(te, users), split.user_tokens, true);
  };
  out.train = matrix(split.train, as_size(split.train_users));
  out.validation = held_out(split.validation_tr, split.validation_te);
  out.test = held_out(split.test_tr, split.test_te);
  return with_tokens(std::move(out), std::move(split.item_tokens), std::move(split.user_tokens), split.rows_read, rows);
}

}  // namespace recvae::data
