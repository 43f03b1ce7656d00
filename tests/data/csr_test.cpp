#include "data/csr.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "support.h"

using namespace recvae::data;
using recvae::test::row;

TEST_CASE("make_csr sorts, collapses repeated pairs and keeps empty rows") {
  const std::vector<std::int32_t> users{2, 0, 2, 2, 0, 2};
  const std::vector<std::int32_t> items{5, 1, 0, 5, 1, 3};
  const Csr csr = make_csr(4, 6, users, items);
  CHECK(csr.rows() == 4);
  CHECK(csr.cols == 6);
  CHECK(csr.nnz() == 4);
  CHECK(row(csr, 0) == std::vector{1});
  CHECK(row(csr, 1).empty());
  CHECK(row(csr, 2) == std::vector{0, 3, 5});
  CHECK(row(csr, 3).empty());
  CHECK(csr.items.size() == 4);
}

TEST_CASE("make_csr of nothing, and of entries outside") {
  CHECK(Csr{}.rows() == 0);
  CHECK(make_csr(0, 0, {}, {}) == Csr{});
  CHECK(make_csr(3, 2, {}, {}).nnz() == 0);
  const std::vector<std::int32_t> two{2}, zero{0}, minus{-1};
  CHECK_THROWS_AS(make_csr(2, 2, two, zero), std::out_of_range);
  CHECK_THROWS_AS(make_csr(2, 2, zero, two), std::out_of_range);
  CHECK_THROWS_AS(make_csr(2, 2, zero, minus), std::out_of_range);
  CHECK_THROWS_AS(make_csr(2, 2, zero, {}), std::invalid_argument);
}
