#include "csr.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace recvae::data {

std::vector<std::int64_t> first_places(std::span<const std::int32_t> indices, std::int64_t size) {
  std::vector<std::int64_t> begin(as_size(size) + 1, 0);
  for (const std::int32_t index : indices) ++begin[as_size(index) + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  return begin;
}

Csr make_csr(std::int64_t row_count, std::int32_t cols, std::span<const std::int32_t> rows,
             std::span<const std::int32_t> items) {
  if (rows.size() != items.size()) throw std::invalid_argument("make_csr: expected one item per row index");
  Csr csr;
  csr.cols = cols;
  csr.indptr.assign(as_size(row_count) + 1, 0);
  std::vector<std::int32_t>& sorted = csr.items.own();
  sorted.resize(items.size());

  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (rows[k] < 0 || rows[k] >= row_count || items[k] < 0 || items[k] >= cols) {
      throw std::out_of_range("make_csr: expected an entry within the matrix, found (" + std::to_string(rows[k]) +
                              ", " + std::to_string(items[k]) + ")");
    }
  }

  // Two counting sorts: by item, then by row, where the items of a row keep their order and so are ascending.
  const std::vector<std::int64_t> of_item = first_places(items, cols), of_row = first_places(rows, row_count);
  std::vector<std::int32_t> by_item(rows.size());  // rows
  std::vector<std::int64_t> next = of_item;
  for (std::size_t k = 0; k < rows.size(); ++k) by_item[as_size(next[as_size(items[k])]++)] = rows[k];
  next = of_row;
  for (std::int32_t item = 0; item < cols; ++item) {
    for (std::int64_t k = of_item[as_size(item)]; k < of_item[as_size(item) + 1]; ++k) {
      const std::int32_t row = by_item[as_size(k)];
      std::int64_t& end = next[as_size(row)];
      if (end > of_row[as_size(row)] && sorted[as_size(end) - 1] == item) continue;  // repeated
      sorted[as_size(end++)] = item;
    }
  }

  auto out = sorted.begin();
  for (std::size_t u = 0; u < next.size() - 1; ++u) {
    out = std::copy(sorted.begin() + of_row[u], sorted.begin() + next[u], out);
    csr.indptr[u + 1] = out - sorted.begin();
  }
  sorted.erase(out, sorted.end());
  return csr;
}

}  // namespace recvae::data
