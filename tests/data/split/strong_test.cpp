#include "data/split/strong.h"

#include <doctest/doctest.h>

#include <set>

#include "../support.h"

using namespace recvae::data;

namespace {

Interactions rows_of(int users, int items) {
  InteractionBuilder builder;
  for (int u = 0; u < users; ++u) {
    for (int i = 0; i <= u % items; ++i) builder.add(std::to_string(u), std::to_string((u + i) % items));
  }
  return builder.take();
}

}  // namespace

TEST_CASE("users, items and fold-in of the strong split") {
  const Interactions rows = rows_of(60, 17);
  const StrongSplit split = split_strong(rows, 12, 98765);
  CHECK(split.train_users == 36);
  CHECK(split.user_tokens.size() == 60);
  CHECK(std::set<std::string>(split.user_tokens.begin(), split.user_tokens.end()).size() == 60);
  CHECK(split.train.size() + split.validation_tr.size() + split.validation_te.size() + split.test_tr.size() +
            split.test_te.size() <=
        rows.rows());
  std::vector<int> tr(60), te(60);
  for (const auto uid : split.test_tr.uid) ++tr[static_cast<std::size_t>(uid)];
  for (const auto uid : split.test_te.uid) ++te[static_cast<std::size_t>(uid)];
  for (std::size_t uid = 0; uid < 60; ++uid) {
    const int n = tr[uid] + te[uid];
    CHECK(te[uid] == (n < 5 ? 0 : n / 5));
    if (uid < 48) CHECK(n == 0);
  }
  for (std::size_t k = 1; k < split.test_te.uid.size(); ++k) {  // by user, in sort order
    const auto token = [&](std::size_t at) {
      return std::stoi(split.user_tokens[static_cast<std::size_t>(split.test_te.uid[at])]);
    };
    CHECK(token(k - 1) <= token(k));
  }
}

TEST_CASE("items that no training user has are dropped, and users who lose all with them") {
  InteractionBuilder builder;
  for (int u = 0; u < 9; ++u) builder.add(std::to_string(u), "own " + std::to_string(u));
  const StrongSplit split = split_strong(builder.take(), 3, 1);
  CHECK(split.item_tokens.size() == 3);
  CHECK(split.train.size() == 3);
  CHECK(split.test_tr.size() == 0);
  const Dataset dataset = make_dataset(split);
  CHECK(dataset.test.user_tokens.empty());
  CHECK(dataset.test.history.rows() == 0);
  CHECK(dataset.train.rows() == 3);
  CHECK(dataset.strong);
}

TEST_CASE("too many held-out users") {
  const Interactions rows = rows_of(11, 5);
  CHECK_THROWS_AS(split_strong(rows, 6, 1), std::invalid_argument);
  CHECK_THROWS_AS(split_strong(rows, 0, 1), std::invalid_argument);
  CHECK(split_strong(rows, 5, 1).train_users == 1);
}
