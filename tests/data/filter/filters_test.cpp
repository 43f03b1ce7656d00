#include "data/filter/filters.h"

#include <memory>

#include "../support.h"

using namespace recvae::data;
using recvae::test::pairs;
using Pairs = std::vector<std::string>;

namespace {

Interactions some_rows() {
  InteractionBuilder builder;
  int k = 0;
  for (const char* pair : {"ax", "ax", "ay", "bx", "bz", "cz"}) {
    builder.add(std::string(1, pair[0]), std::string(1, pair[1]), 1 + k);
    ++k;
  }
  return builder.take();
}

}  // namespace

TEST_CASE("threshold keeps what is greater, and the columns together") {
  Interactions rows = some_rows();
  keep_ratings_above(rows, 4);
  CHECK(pairs(rows) == Pairs{"b:z", "c:z"});
  CHECK(rows.ratings == std::vector{5.0, 6.0});
  CHECK(rows.user_tokens.size() == 3);
}

TEST_CASE("counts are of rows, and one pass each") {
  Interactions rows = some_rows();
  keep_frequent(rows, {.of_item = 3});
  CHECK(pairs(rows) == Pairs{"a:x", "a:x", "b:x"});
  keep_frequent(rows, {.of_user = 2});
  CHECK(pairs(rows) == Pairs{"a:x", "a:x"});  // x has two rows now, and stays
  CHECK(count_rows(rows.users, 3) == std::vector<std::int64_t>{2, 0, 0});
}

TEST_CASE("of repeated pairs the first stays, or the earliest") {
  const auto some = [] {
    return recvae::test::timed_rows(
        {{"a", "x", 5}, {"b", "x", 1}, {"a", "y", 3}, {"a", "x", 2}, {"a", "x", 2}, {"a", "y", 3}});
  };
  Interactions rows = some();
  drop_repeated(rows, false);
  CHECK(pairs(rows) == Pairs{"a:x", "b:x", "a:y"});
  CHECK(rows.times == std::vector<double>{5, 1, 3});
  CHECK(rows.dropped.repeated == 3);
  rows = some();
  drop_repeated(rows, true);
  CHECK(pairs(rows) == Pairs{"b:x", "a:y", "a:x"});
  CHECK(rows.times == std::vector<double>{1, 3, 2});
  drop_repeated(rows, true);
  CHECK(rows.dropped.repeated == 3);
}

TEST_CASE("rows by user, in any order") {
  Interactions rows = some_rows();
  UserRows own = rows_by_user(rows);
  CHECK(own.rows == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
  CHECK(own.of(1).size() == 2);
  CHECK(rows_by_user(rows, std::vector<std::int64_t>{5, 4, 2, 0, 3, 1}).rows ==
        std::vector<std::int64_t>{2, 0, 1, 4, 3, 5});
}

namespace {

const Intervals* within(const char* text) {
  static std::vector<std::unique_ptr<Intervals>> kept;
  return kept.emplace_back(std::make_unique<Intervals>(Intervals::parse(text))).get();
}

Interactions rows_of(const std::vector<const char*>& all) {
  InteractionBuilder builder;
  for (const char* pair : all) builder.add(std::string(1, pair[0]), std::string(1, pair[1]));
  return builder.take();
}

}  // namespace

TEST_CASE("intervals of rows: again and again, users and items by the same counts") {
  // d and w go first; then z has one row, and c but one.
  const std::vector<const char*> chain = {"ax", "ay", "bx", "by", "cx", "cz", "dz", "dw"};
  Interactions rows = rows_of(chain);
  keep_in_intervals(rows, within("[2,inf)"), within("[2,inf)"));
  CHECK(pairs(rows) == Pairs{"a:x", "a:y", "b:x", "b:y"});
  CHECK(rows.dropped.item_interval + rows.dropped.user_interval == 4);

  // u (three rows) and x (one) go in the same round: v, who has x and y, is left with one row, and goes too.
  rows = rows_of({"up", "uq", "ur", "vx", "vy", "wy", "wz", "kz", "ky"});
  keep_in_intervals(rows, within("[2,2]"), within("[2,inf)"));
  CHECK(pairs(rows) == Pairs{"w:y", "w:z", "k:z", "k:y"});

  rows = rows_of(chain);
  keep_in_intervals(rows, nullptr, within("[1,1];[3,3]"));
  CHECK(pairs(rows) == Pairs{"a:x", "b:x", "c:x", "d:w"});
  CHECK(rows.dropped.item_interval == 4);
  rows = rows_of(chain);
  keep_in_intervals(rows, within("[3,inf)"), nullptr);
  CHECK(rows.rows() == 0);
}

TEST_CASE("repeated pairs: the first or the last by time, and the table in that order") {
  const auto some = [] {
    return recvae::test::timed_rows({{"a", "x", 5}, {"a", "y", 2}, {"a", "x", 1}, {"b", "x", 2}, {"a", "x", 5}});
  };
  Interactions rows = some();
  remove_repeated(rows, false);
  CHECK(pairs(rows) == Pairs{"a:x", "a:y", "b:x"});
  CHECK(rows.times == std::vector<double>{1, 2, 2});
  rows = some();
  remove_repeated(rows, true);
  CHECK(pairs(rows) == Pairs{"a:y", "b:x", "a:x"});
  CHECK(rows.times == std::vector<double>{2, 2, 5});
  CHECK(rows.dropped.repeated == 2);
  const Boundaries at{2, 5};  // each part by itself
  rows = some();
  remove_repeated(rows, true, &at);
  CHECK(rows.times == std::vector<double>{1, 2, 2, 5});
  rows = some_rows();  // without times, as they stand
  remove_repeated(rows, true);
  CHECK(pairs(rows) == Pairs{"a:x", "a:y", "b:x", "b:z", "c:z"});
  CHECK(rows.ratings == std::vector<double>{2, 3, 4, 5, 6});
}
