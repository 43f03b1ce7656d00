// A view of a sparse matrix in compressed rows: the form in which interactions reach the ops.
#pragma once

#include <cstdint>
#include <span>

#include "tensor.h"

namespace ad {

/// Sparse [rows, cols]: row u has the columns indices[k] for indptr[u] <= k < indptr[u + 1], ascending, each at most
/// once, and the values beside them (null: all are 1). Does not own; ops copy what their backward needs.
template <class T>
struct CsrView {
  Index rows = 0;                                             ///< number of rows
  Index cols = 0;                                             ///< number of columns
  const std::int64_t* indptr = nullptr;                       ///< rows + 1 offsets, the first one 0
  const std::int32_t* indices = nullptr;                      ///< the column of each entry
  const T* values = nullptr;                                  ///< the number of each entry; null: 1
  Index nnz() const { return rows == 0 ? 0 : indptr[rows]; }  ///< number of entries
  std::span<const std::int32_t> row(Index u) const {
    return {indices + indptr[u], static_cast<std::size_t>(indptr[u + 1] - indptr[u])};
  }                                                                      ///< the columns of row u
  T value(std::int64_t at) const { return values ? values[at] : T(1); }  ///< of entry `at`, counted from 0
};

template <class T>
std::string shape_string(const CsrView<T>& m) {
  return "sparse [" + std::to_string(m.rows) + ", " + std::to_string(m.cols) + "]";
}  ///< "sparse [rows, cols]", for messages.

/// Throws ShapeError("who: ...") unless offsets ascend from 0 and every row's columns ascend and are below `cols`. Ops
/// call it wherever they read rows.
template <class T>
void check(const CsrView<T>& m, const char* who = "CsrView") {
  const auto fail = [&](const std::string& what) {
    throw ShapeError(std::string(who) + ": " + shape_string(m) + what);
  };
  if (m.rows < 0 || m.cols < 0) fail(": a side is negative");
  if (m.rows > 0 && (!m.indptr || m.indptr[0] != 0)) fail(": the first offset is not 0");
  for (Index u = 0; u < m.rows; ++u) {  // all, before one is followed
    const std::int64_t begin = m.indptr[u], end = m.indptr[u + 1];
    if (end < begin) fail(": offsets descend at row " + std::to_string(u));
    if (end - begin > m.cols) fail(", row " + std::to_string(u) + ": more entries than columns");
  }
  if (m.nnz() > 0 && !m.indices) fail(": there are offsets, but no columns");
  for (Index u = 0; u < m.rows; ++u) {
    const std::span<const std::int32_t> row = m.row(u);
    if (row.empty()) continue;
    bool ascend = row.front() >= 0 && row.back() < m.cols;
    for (std::size_t k = 1; k < row.size(); ++k) ascend &= row[k - 1] < row[k];
    if (!ascend) {
      fail(", row " + std::to_string(u) + ": columns do not ascend from 0 on below " + std::to_string(m.cols) +
           "; the last one is " + std::to_string(row.back()));
    }
  }
}

}  // namespace ad
