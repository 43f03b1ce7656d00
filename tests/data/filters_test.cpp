#include "data/filters.h"

#include <doctest/doctest.h>

#include "support.h"

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
