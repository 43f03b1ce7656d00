#include "matrix.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "../error.h"

namespace recvae::data {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& what) { throw UsageError(name + ": " + what); }

std::string text(std::int64_t number) { return std::to_string(number); }

/// Calls f(pointer to numbers of that type).
template <class F>
auto with_type(const void* numbers, NumberType type, const F& f) {
  switch (type) {
    case NumberType::i8:
      return f(static_cast<const std::int8_t*>(numbers));
    case NumberType::u8:
      return f(static_cast<const std::uint8_t*>(numbers));
    case NumberType::i16:
      return f(static_cast<const std::int16_t*>(numbers));
    case NumberType::u16:
      return f(static_cast<const std::uint16_t*>(numbers));
    case NumberType::i32:
      return f(static_cast<const std::int32_t*>(numbers));
    case NumberType::u32:
      return f(static_cast<const std::uint32_t*>(numbers));
    case NumberType::i64:
      return f(static_cast<const std::int64_t*>(numbers));
    case NumberType::u64:
      return f(static_cast<const std::uint64_t*>(numbers));
    case NumberType::f32:
      return f(static_cast<const float*>(numbers));
    case NumberType::f64:
      return f(static_cast<const double*>(numbers));
  }
  throw UsageError("expected a type of numbers, found " + text(static_cast<std::int64_t>(type)));
}

/// The same of offsets and columns.
template <class F>
auto with_index_type(const std::string& name, const void* numbers, NumberType type, const F& f) {
  if (type == NumberType::i32) return f(static_cast<const std::int32_t*>(numbers));
  if (type == NumberType::i64) return f(static_cast<const std::int64_t*>(numbers));
  refuse(name, "expected offsets and columns of 32 or 64 bits");
}

/// Offsets that ascend to at most nnz, all of which are read before one is followed.
std::vector<std::int64_t> read_offsets(const ForeignCsr& m, const std::string& name) {
  return with_index_type(name, m.indptr, m.indptr_type, [&](const auto* offsets) {
    std::vector<std::int64_t> indptr(offsets, offsets + m.rows + 1);
    if (indptr.front() < 0) refuse(name, "expected offsets from 0 on, found " + text(indptr.front()));
    for (std::int64_t u = 0; u < m.rows; ++u) {
      const std::int64_t begin = indptr[as_size(u)], end = indptr[as_size(u) + 1];
      if (end < begin || end > m.nnz) {
        refuse(name, "row " + text(m.first_row + u) + ": expected an end from " + text(begin) + " to " + text(m.nnz) +
                         ", found " + text(end));
      }
    }
    return indptr;
  });
}

/// Throws for a number that is negative or none; are all others above 0?
bool check_values(const ForeignCsr& m, std::int64_t first, std::int64_t end, const std::string& name) {
  if (!m.values) return true;
  return with_type(m.values, m.values_type, [&](const auto* values) {
    bool positive = true;
    for (std::int64_t k = first; k < end; ++k) {
      if (!(values[k] >= 0) || !(values[k] <= std::numeric_limits<std::remove_cvref_t<decltype(*values)>>::max()))
        refuse(name, "expected finite numbers from 0 on, found " + std::to_string(values[k]));
      positive = positive && values[k] > 0;
    }
    return positive;
  });
}

}  // namespace

Csr read_matrix(const ForeignCsr& m, const std::string& name) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  const auto check_side = [&](std::int64_t side, const char* what) {
    if (side < 0 || side > kMost)
      refuse(name, std::string("expected a number of ") + what + " below 2^31, found " + text(side));
  };
  check_side(m.rows, "rows");
  check_side(m.cols, "columns");
  if (!m.indptr) refuse(name, "expected offsets, found none");
  if (m.nnz < 0 || (m.nnz > 0 && !m.indices)) refuse(name, "expected " + text(m.nnz) + " columns, found none");
  Csr csr{static_cast<std::int32_t>(m.cols), read_offsets(m, name)};
  const std::int64_t first = csr.indptr.front(), count = csr.nnz() - first;
  const bool positive = check_values(m, first, csr.nnz(), name);
  const auto is_kept = [&](std::int64_t k) {
    return positive || with_type(m.values, m.values_type, [k](const auto* values) { return values[k] > 0; });
  };
  with_index_type(name, m.indices, m.indices_type, [&](const auto* columns) {
    bool ascend = true;
    for (std::int64_t u = 0; u < m.rows; ++u) {
      std::int64_t before = -1;
      for (std::int64_t k = csr.indptr[as_size(u)]; k < csr.indptr[as_size(u) + 1]; ++k) {
        const std::int64_t column = columns[k];
        if (column < 0 || column >= m.cols) {
          refuse(name, "row " + text(m.first_row + u) + ": expected columns from 0 to " + text(m.cols - 1) +
                           ", found " + text(column));
        }
        ascend = ascend && column > before;
        before = column;
      }
    }
    if constexpr (std::is_same_v<decltype(columns), const std::int32_t*>) {
      if (ascend && positive) {
        for (std::int64_t& offset : csr.indptr) offset -= first;
        if (count > 0) csr.items = Items::borrowed({columns + first, as_size(count)});
        return;
      }
    }
    std::vector<std::int32_t> items;
    items.reserve(as_size(count));
    std::int64_t begin = std::exchange(csr.indptr.front(), 0);
    for (std::int64_t u = 0; u < m.rows; ++u) {
      const auto row = static_cast<std::ptrdiff_t>(items.size());
      const std::int64_t end = csr.indptr[as_size(u) + 1];
      for (std::int64_t k = begin; k < end; ++k) {
        if (is_kept(k)) items.push_back(static_cast<std::int32_t>(columns[k]));
      }
      std::sort(items.begin() + row, items.end());
      items.erase(std::unique(items.begin() + row, items.end()), items.end());
      csr.indptr[as_size(u) + 1] = static_cast<std::int64_t>(items.size());
      begin = end;
    }
    csr.items = std::move(items);
  });
  return csr;
}

}  // namespace recvae::data
