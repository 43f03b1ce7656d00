// A view of a sparse matrix in compressed rows: the form in which interactions reach the ops.
#pragma once

#include <cstdint>
#include <span>

#include "tensor.h"

namespace ad {

/// Sparse [rows, cols]: row u has the columns indices[indptr[u] .. indptr[u+1]), ascending, each at most once, and the
/// values beside them (null: all are 1). Does not own; ops copy what their backward needs.
template <class T>
struct CsrView {
  Index rows = 0, cols = 0;
  const std::int64_t* indptr = nullptr;  ///< rows + 1 offsets, the first one 0
  const std::int32_t* indices = nullptr;
  const T* values = nullptr;

  Index nnz() const { return rows == 0 ? 0 : indptr[rows]; }
  std::span<const std::int32_t> row(Index u) const {
    return {indices + indptr[u], static_cast<std::size_t>(indptr[u + 1] - indptr[u])};
  }
  T value(std::int64_t at) const { return values ? values[at] : T(1); }
};

template <class T>
std::string shape_string(const CsrView<T>& m) {
  return "sparse [" + std::to_string(m.rows) + ", " + std::to_string(m.cols) + "]";
}

/// Throws ShapeError unless offsets ascend from 0 and every row's columns ascend and are below `cols`. O(nnz): the ops
/// do not call it; call it on data that comes from elsewhere.
template <class T>
void check(const CsrView<T>& m) {
  if (m.rows > 0 && m.indptr[0] != 0) throw ShapeError("CsrView: the first offset is not 0");
  for (Index u = 0; u < m.rows; ++u) {
    if (m.indptr[u + 1] < m.indptr[u]) throw ShapeError("CsrView: offsets descend at row " + std::to_string(u));
    std::int64_t before = -1;
    for (std::int32_t j : m.row(u)) {
      if (j <= before || j >= m.cols) {
        throw ShapeError("CsrView: row " + std::to_string(u) + " of " + shape_string(m) +
                         ": columns do not ascend or exceed the matrix at " + std::to_string(j));
      }
      before = j;
    }
  }
}

}  // namespace ad
