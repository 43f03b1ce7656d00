#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../csr.h"
#include "../interactions.h"
#include "interval.h"

/// Filters drop rows in place and keep the order of the rest. Tokens stay, so that indices keep their meaning.
namespace recvae::data {

struct Boundaries;  // split/time.h

/// The rows for whose index `keep` is true.
template <class Keep>
void keep_rows(Interactions& rows, Keep keep) {
  std::size_t out = 0;
  for (std::size_t k = 0; k < rows.users.size(); ++k) {
    if (!keep(k)) continue;
    rows.for_columns([&](auto& column) { column[out] = column[k]; });
    ++out;
  }
  rows.for_columns([&](auto& column) { column.resize(out); });
}

RECVAE_API void keep_ratings_above(Interactions& rows, double threshold);  ///< rating > threshold; needs ratings
RECVAE_API void keep_what_is_kept(Interactions& rows);                     ///< by the column `kept`, which is gone then

/// Of rows that repeat a pair keeps the first or the last: by time where there is one, in whose order rows then are.
/// With `at`, the boundaries of a time split's parts: of the rows of each part by itself.
RECVAE_API void remove_repeated(Interactions& rows, bool last, const Boundaries* at = nullptr);

/// Keeps users and items with as many rows as their intervals hold (nullptr: any number): of what is left, again, until
/// all have. A time split's parts as for keep_frequent.
RECVAE_API void keep_in_intervals(Interactions& rows, const Intervals* of_user, const Intervals* of_item,
                                  std::span<const Part> parts = {}, bool new_users = false);

/// Items that occur in so many rows; then users with so many rows left.
struct LeastRows {
  ///@{
  /// At least so many; 0: any.
  std::int64_t of_item = 0, of_user = 0;
  ///@}
};

/// Keeps what has the least rows. With `parts`, one of a time split for every row, a row counts, and is counted, as it
/// was at the end of its part: nothing later changes what becomes of it. `new_users`: users who were there before a
/// part, but had too few rows to be kept, are not new in it, and lose their rows.
RECVAE_API void keep_frequent(Interactions& rows, LeastRows least, std::span<const Part> parts = {},
                              bool new_users = false);

/// Of rows that repeat a pair keeps the first, or (`earliest`; needs times) the first of the earliest; counts the
/// others in `rows.dropped`.
RECVAE_API void drop_repeated(Interactions& rows, bool earliest);

RECVAE_API std::vector<std::int64_t> count_rows(std::span<const std::int32_t> indices,
                                                std::size_t size);  ///< rows per index

/// Rows by user: those of user u are rows[begin[u]] .. rows[begin[u + 1] - 1], as they stand in `order`, a permutation
/// of all rows (empty: file order).
struct UserRows {
  ///@{
  /// See above.
  std::vector<std::int64_t> begin, rows;
  ///@}
  std::span<std::int64_t> of(std::size_t user) {
    return std::span(rows).subspan(as_size(begin[user]), as_size(begin[user + 1] - begin[user]));
  }  ///< the rows of one user
};
/// Rows by user, in the order of `order`.
RECVAE_API UserRows rows_by_user(const Interactions& rows, std::span<const std::int64_t> order = {});

}  // namespace recvae::data
