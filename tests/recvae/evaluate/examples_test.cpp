#include "recvae/evaluate/examples.h"

#include <doctest/doctest.h>

#include "../support.h"

using namespace recvae;
using recvae::test::csr;
using recvae::test::TableScorer;

TEST_CASE("evenly_spread_users: of those with targets") {
  const data::HeldOut held_out{{}, csr(2, {{}, {}, {}, {}, {}}), csr(2, {{0}, {}, {1}, {0, 1}, {1}})};
  CHECK(evenly_spread_users(held_out, 2) == std::vector<std::int64_t>{0, 3});
  CHECK(evenly_spread_users(held_out, 9) == std::vector<std::int64_t>{0, 2, 3, 4});
  CHECK(evenly_spread_users(held_out, 0).empty());
  CHECK(evenly_spread_users({{}, csr(2, {{}}), csr(2, {{}})}, 3).empty());
}

TEST_CASE("best_items: without what a user has and what is masked") {
  const data::HeldOut held_out{{}, csr(5, {{0}, {1}, {2, 4}}), csr(5, {{1}, {2}, {3}}), csr(5, {{1}, {}, {0}})};
  ad::Tensor<float> table(2, 5);
  for (ad::Index i = 0; i < 10; ++i) table.data()[i] = static_cast<float>(-i);
  TableScorer scorer(std::move(table));
  const std::vector<std::int64_t> rows = {2, 0};
  CHECK(best_items(scorer, held_out, rows, 2) == std::vector<std::vector<std::int32_t>>{{1, 3}, {2, 3}});
  CHECK(best_items(scorer, held_out, rows, 99) == std::vector<std::vector<std::int32_t>>{{1, 3}, {2, 3, 4}});
}
