#include "csr.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace recvae::data {

Csr make_csr(std::int64_t row_count, std::int32_t cols, std::span<const std::int32_t> rows,
             std::span<const std::int32_t> items) {
  if (rows.size() != items.size()) throw std::invalid_argument("make_csr: expected one item per row index");
  Csr csr;
  csr.cols = cols;
  csr.indptr.assign(as_size(row_count) + 1, 0);
  csr.items.resize(items.size());

  // Counting sort by row, then each row by itself: no array of pairs is ever needed.
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (rows[k] < 0 || rows[k] >= row_count || items[k] < 0 || items[k] >= cols) {
      throw std::out_of_range("make_csr: expected an entry within the matrix, found (" + std::to_string(rows[k]) +
                              ", " + std::to_string(items[k]) + ")");
    }
    ++csr.indptr[as_size(rows[k]) + 1];
  }
  for (std::size_t u = 1; u < csr.indptr.size(); ++u) csr.indptr[u] += csr.indptr[u - 1];
  std::vector<std::int64_t> next(csr.indptr.begin(), csr.indptr.end() - 1);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    csr.items[as_size(next[static_cast<std::size_t>(rows[k])]++)] = items[k];
  }

  auto out = csr.items.begin();
  for (std::size_t u = 0; u + 1 < csr.indptr.size(); ++u) {
    const auto begin = csr.items.begin() + csr.indptr[u];
    const auto end = csr.items.begin() + next[u];
    std::sort(begin, end);
    csr.indptr[u] = out - csr.items.begin();
    for (auto it = begin; it != end; ++it) {
      if (it == begin || *it != *(it - 1)) *out++ = *it;
    }
  }
  csr.indptr.back() = out - csr.items.begin();
  csr.items.erase(out, csr.items.end());
  return csr;
}

}  // namespace recvae::data
