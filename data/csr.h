#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace recvae::data {

/// Binary user-item matrix; row u holds items[indptr[u] .. indptr[u+1]), ascending, without duplicates.
struct Csr {
  std::int32_t cols = 0;
  std::vector<std::int64_t> indptr{0};
  std::vector<std::int32_t> items;

  std::int64_t rows() const { return static_cast<std::int64_t>(indptr.size()) - 1; }
  std::int64_t nnz() const { return indptr.back(); }
  std::span<const std::int32_t> row(std::int64_t u) const {
    const auto begin = static_cast<std::size_t>(indptr[static_cast<std::size_t>(u)]);
    const auto end = static_cast<std::size_t>(indptr[static_cast<std::size_t>(u) + 1]);
    return {items.data() + begin, end - begin};
  }
  bool operator==(const Csr&) const = default;
};

/// The matrix with a one at (row[k], item[k]) for every k, in any order; repeated pairs collapse to one, and
/// `rows.size() - result.nnz()` of them did. Every row is in [0, row_count), every item in [0, cols).
Csr make_csr(std::int64_t row_count, std::int32_t cols, std::span<const std::int32_t> rows,
             std::span<const std::int32_t> items);

}  // namespace recvae::data
