// How many users have both of two items.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "../../data/csr.h"

namespace recvae {

/// Rows of X^T X for a binary X [users, items], which outlives it. Read-only once made: any thread may ask.
class CoOccurrence {
 public:
  /// Of these rows.
  explicit CoOccurrence(const data::Csr& x) : x_(x) {
    std::vector<std::int32_t> user_of;  // of each entry
    user_of.reserve(x.items.size());
    for (std::int32_t u = 0; u < x.rows(); ++u) user_of.insert(user_of.end(), x.row(u).size(), u);
    users_ = data::make_csr(x.cols, static_cast<std::int32_t>(x.rows()), x.items, user_of);
  }

  std::int64_t count(std::int64_t item) const {
    return static_cast<std::int64_t>(users_.row(item).size());
  }  ///< users that have it

  /// out[j] <- users that have `item` and j, for all j.
  template <class T>
  void row(std::int64_t item, std::span<T> out) const {
    std::fill(out.begin(), out.end(), T(0));
    for (const std::int32_t user : users_.row(item)) {
      for (const std::int32_t j : x_.row(user)) out[data::as_size(j)] += 1;
    }
  }

 private:
  const data::Csr& x_;
  data::Csr users_;  // of each item: x transposed
};

}  // namespace recvae
