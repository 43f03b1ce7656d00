// How many users have both of two items.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "../data/csr.h"

namespace recvae {

/// Rows of X^T X for a binary X [users, items], which outlives it. Read-only once made: any thread may ask.
class CoOccurrence {
 public:
  explicit CoOccurrence(const data::Csr& x) : x_(x), begin_(data::as_size(x.cols) + 1, 0), users_(x.items.size()) {
    for (const std::int32_t item : x.items) ++begin_[data::as_size(item) + 1];
    for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
    std::vector<std::int64_t> next(begin_.begin(), begin_.end() - 1);
    for (std::int64_t u = 0; u < x.rows(); ++u) {
      for (const std::int32_t item : x.row(u)) users_[data::as_size(next[data::as_size(item)]++)] = u;
    }
  }

  std::int64_t count(std::int64_t item) const { return begin_[data::as_size(item) + 1] - begin_[data::as_size(item)]; }

  /// out[j] <- users that have `item` and j, for all j.
  template <class T>
  void row(std::int64_t item, std::span<T> out) const {
    std::fill(out.begin(), out.end(), T(0));
    for (std::int64_t k = begin_[data::as_size(item)]; k < begin_[data::as_size(item) + 1]; ++k) {
      for (const std::int32_t j : x_.row(users_[data::as_size(k)])) out[data::as_size(j)] += 1;
    }
  }

 private:
  const data::Csr& x_;
  std::vector<std::int64_t> begin_;  // of each item's users
  std::vector<std::int64_t> users_;
};

}  // namespace recvae
