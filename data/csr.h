#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "../autodiff/kernels/api.h"

namespace recvae::data {

/// A number that is not negative, as the standard library counts.
inline std::size_t as_size(std::int64_t value) { return static_cast<std::size_t>(value); }

/// The columns of a matrix's entries, one row's after the other's: its own, or where they lie in the memory of somebody
/// who keeps them as long as this and its copies live.
class Items {
 public:
  Items() = default;
  Items(std::vector<std::int32_t> own) : own_(std::move(own)) {}  ///< its own
  Items(std::initializer_list<std::int32_t> own) : own_(own) {}   ///< likewise
  static Items borrowed(std::span<const std::int32_t> items) {    ///< somebody else's
    Items result;
    result.borrowed_ = items;
    return result;
  }

  const std::int32_t* data() const { return borrowed_.data() ? borrowed_.data() : own_.data(); }  ///< the first one
  std::size_t size() const { return borrowed_.data() ? borrowed_.size() : own_.size(); }          ///< how many
  const std::int32_t* begin() const { return data(); }                                            ///< the first one
  const std::int32_t* end() const { return data() + size(); }                                     ///< after the last
  std::int32_t operator[](std::size_t k) const { return data()[k]; }                              ///< one of them
  /// To change them: borrowed ones are copied first.
  std::vector<std::int32_t>& own() {
    if (borrowed_.data()) own_.assign(begin(), end());
    borrowed_ = {};
    return own_;
  }
  bool operator==(const Items& other) const { return std::ranges::equal(*this, other); }  ///< equal, wherever they lie

 private:
  std::vector<std::int32_t> own_;
  std::span<const std::int32_t> borrowed_;
};

/// Binary user-item matrix; row u holds items[indptr[u] .. indptr[u+1]), ascending, without duplicates.
struct Csr {
  std::int32_t cols = 0;                ///< number of columns
  std::vector<std::int64_t> indptr{0};  ///< rows + 1 offsets, the first one 0
  Items items{};                        ///< the columns of each row, ascending

  std::int64_t rows() const { return static_cast<std::int64_t>(indptr.size()) - 1; }  ///< number of rows
  std::int64_t nnz() const { return indptr.back(); }                                  ///< number of entries
  std::span<const std::int32_t> row(std::int64_t u) const {
    return {items.data() + indptr[as_size(u)], items.data() + indptr[as_size(u) + 1]};
  }                                                 ///< the columns of row u
  void append(std::span<const std::int32_t> row) {  ///< a row, itself ascending and without duplicates
    if (!row.empty()) items.own().insert(items.own().end(), row.begin(), row.end());
    indptr.push_back(static_cast<std::int64_t>(items.size()));
  }
  bool operator==(const Csr&) const = default;  ///< equal in every entry
};

/// Where each index's entries begin when entries stand by index, and their end: `size` + 1 numbers. Every index is in
/// [0, size).
RECVAE_API std::vector<std::int64_t> first_places(std::span<const std::int32_t> indices, std::int64_t size);

/// The matrix with a one at (row[k], item[k]) for every k, in any order; repeated pairs collapse to one, and
/// `rows.size() - result.nnz()` of them did. Every row is in [0, row_count), every item in [0, cols).
RECVAE_API Csr make_csr(std::int64_t row_count, std::int32_t cols, std::span<const std::int32_t> rows,
                        std::span<const std::int32_t> items);

}  // namespace recvae::data
