// A sparse matrix that owns its arrays, for tests.
#pragma once

#include <vector>

#include "autodiff/csr.h"

namespace test {

template <class T>
struct Sparse {
  ad::Index rows = 0, cols = 0;
  std::vector<std::int64_t> indptr{0};
  std::vector<std::int32_t> indices;
  std::vector<T> values;

  /// From dense rows: zeros are left out.
  template <class M>
  explicit Sparse(const M& dense) : rows(dense.rows()), cols(dense.cols()) {
    for (ad::Index i = 0; i < rows; ++i) {
      for (ad::Index j = 0; j < cols; ++j) {
        if (dense(i, j) == 0) continue;
        indices.push_back(static_cast<std::int32_t>(j));
        values.push_back(static_cast<T>(dense(i, j)));
      }
      indptr.push_back(static_cast<std::int64_t>(indices.size()));
    }
  }
  ad::CsrView<T> view() const { return {rows, cols, indptr.data(), indices.data(), values.data()}; }
  ad::CsrView<T> binary_view() const { return {rows, cols, indptr.data(), indices.data(), nullptr}; }
};

}  // namespace test
