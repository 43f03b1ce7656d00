#include "strong_split.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "filters.h"
#include "numpy_random.h"
#include "user_order.h"

namespace recvae::data {
namespace {

std::size_t as_size(std::int64_t value) { return static_cast<std::size_t>(value); }

/// Cuts the rows of each user, users in the order of `users`, into fold-in and targets.
void cut_fold_in(const std::vector<std::int32_t>& users, const std::vector<std::vector<std::int32_t>>& items_of,
                 const std::vector<std::int32_t>& uid_of, std::uint32_t seed, IndexedRows& tr, IndexedRows& te) {
  NumpyRandom random(seed);
  std::vector<bool> target;
  for (const std::int32_t user : users) {
    const std::int32_t uid = uid_of[as_size(user)];
    const auto& items = items_of[as_size(uid)];
    target.assign(items.size(), false);
    if (items.size() >= 5) {
      const auto count = static_cast<std::int64_t>(0.2 * static_cast<double>(items.size()));
      for (const auto k : random.choice(static_cast<std::int64_t>(items.size()), count)) target[as_size(k)] = true;
    }
    for (std::size_t k = 0; k < items.size(); ++k) (target[k] ? te : tr).add(uid, items[k]);
  }
}

HeldOut make_held_out(IndexedRows tr, IndexedRows te, const std::vector<std::string>& user_tokens, std::int32_t items) {
  std::vector<std::int32_t> place(user_tokens.size(), -1);  // of a uid among the users that have rows
  for (const auto* rows : {&tr, &te}) {
    for (const std::int32_t uid : rows->uid) place[as_size(uid)] = 0;
  }
  HeldOut out;
  for (std::size_t uid = 0; uid < place.size(); ++uid) {
    if (place[uid] < 0) continue;
    place[uid] = static_cast<std::int32_t>(out.user_tokens.size());
    out.user_tokens.push_back(user_tokens[uid]);
  }
  for (auto* rows : {&tr, &te}) {
    for (std::int32_t& uid : rows->uid) uid = place[as_size(uid)];
  }
  const auto users = static_cast<std::int64_t>(out.user_tokens.size());
  out.history = make_csr(users, items, tr.uid, tr.sid);
  out.targets = make_csr(users, items, te.uid, te.sid);
  return out;
}

}  // namespace

StrongSplit split_strong(const Interactions& rows, std::int64_t heldout, std::uint32_t seed) {
  const auto counts = count_rows(rows.users, rows.user_tokens.size());
  std::vector<std::int32_t> users = sorted_order(rows.user_tokens);
  std::erase_if(users, [&](std::int32_t user) { return counts[as_size(user)] == 0; });
  const auto n = static_cast<std::int64_t>(users.size());
  if (heldout < 1 || heldout > (n - 1) / 2)
    throw std::invalid_argument("split_strong: expected 1 <= heldout < users / 2");

  StrongSplit split;
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
    std::vector<std::int32_t> part;
    std::copy_if(users.begin(), users.end(), std::back_inserter(part),
                 [&](std::int32_t user) { return uid_of[as_size(user)] >= from && uid_of[as_size(user)] < to; });
    cut_fold_in(part, items_of, uid_of, seed, tr, te);
  };
  heldout_part(split.train_users, first_test, split.validation_tr, split.validation_te);
  heldout_part(first_test, n, split.test_tr, split.test_te);
  return split;
}

Dataset make_dataset(StrongSplit split) {
  Dataset out;
  Summary& summary = out.summary;
  const auto items = static_cast<std::int32_t>(split.item_tokens.size());
  for (const auto* rows : {&split.train, &split.validation_tr, &split.validation_te, &split.test_tr, &split.test_te}) {
    summary.rows_read += rows->size();
  }
  summary.rows = summary.rows_read;
  out.train = make_csr(split.train_users, items, split.train.uid, split.train.sid);
  split.train = {};
  out.validation =
      make_held_out(std::move(split.validation_tr), std::move(split.validation_te), split.user_tokens, items);
  out.test = make_held_out(std::move(split.test_tr), std::move(split.test_te), split.user_tokens, items);

  summary.duplicates = summary.rows - out.train.nnz();
  for (const auto* part : {&out.validation, &out.test}) {
    summary.duplicates -= part->history.nnz() + part->targets.nnz();
  }
  summary.users = static_cast<std::int64_t>(split.user_tokens.size());
  summary.items = items;
  summary.train_users = split.train_users;
  summary.validation_users = static_cast<std::int64_t>(out.validation.user_tokens.size());
  summary.test_users = static_cast<std::int64_t>(out.test.user_tokens.size());

  out.item_tokens = std::move(split.item_tokens);
  out.user_tokens = std::move(split.user_tokens);
  out.user_tokens.resize(static_cast<std::size_t>(split.train_users));
  return out;
}

}  // namespace recvae::data
