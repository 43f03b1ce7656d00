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
  keep_items_with(rows, 3);
  CHECK(pairs(rows) == Pairs{"a:x", "a:x", "b:x"});
  keep_users_with(rows, 2);
  CHECK(pairs(rows) == Pairs{"a:x", "a:x"});  // x has two rows now, and stays
  CHECK(count_rows(rows.users, 3) == std::vector<std::int64_t>{2, 0, 0});
}
