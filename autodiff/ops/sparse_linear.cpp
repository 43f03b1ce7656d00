#include "sparse_linear.h"

#include "../kernels/loops.h"

namespace ad::detail {

template <class T>
void sparse_linear_forward(const CsrView<T>& x, ConstMatrix<T> weight, ConstMatrix<T> bias, Matrix<T> out) {
  parallel_chunks(x.rows, 8, [&](Index begin, Index end) {
    for (Index u = begin; u < end; ++u) {
      std::copy(bias.data, bias.data + bias.cols, out.row(u));
      const std::int64_t first = x.indptr[u];
      kernels::loops<T>().add_rows(x.values ? x.values + first : nullptr, T(1), x.indices + first,
                                   x.indptr[u + 1] - first, weight.data, out.cols, out.row(u));
    }
  });
}

template <class T>
TouchedColumns<T> by_columns(Tape<T>& tape, const CsrView<T>& x) {
  // A counting sort: entries per column, then each entry to its place. Rows ascend within a column.
  const auto nnz = x.nnz();
  std::span<std::int32_t> slot = tape.template alloc_array<std::int32_t>(x.cols);  // of a column among the touched
  std::fill(slot.begin(), slot.end(), 0);
  for (std::int64_t at = 0; at < nnz; ++at) ++slot[static_cast<std::size_t>(x.indices[at])];

  std::span<std::int32_t> columns = tape.template alloc_array<std::int32_t>(std::min<Index>(nnz, x.cols));
  std::span<std::int64_t> indptr = tape.template alloc_array<std::int64_t>(std::min<Index>(nnz, x.cols) + 1);
  std::size_t touched = 0;
  indptr[0] = 0;
  for (std::size_t j = 0; j < slot.size(); ++j) {
    if (slot[j] == 0) continue;
    columns[touched] = static_cast<std::int32_t>(j);
    indptr[touched + 1] = indptr[touched] + slot[j];
    slot[j] = static_cast<std::int32_t>(touched++);
  }

  std::span<std::int64_t> next = tape.template alloc_array<std::int64_t>(std::min<Index>(nnz, x.cols));
  std::copy(indptr.begin(), indptr.begin() + static_cast<std::ptrdiff_t>(touched), next.begin());
  std::span<std::int32_t> rows = tape.template alloc_array<std::int32_t>(nnz);
  std::span<T> values = tape.template alloc_array<T>(nnz);
  for (Index u = 0; u < x.rows; ++u) {
    for (std::int64_t at = x.indptr[u]; at < x.indptr[u + 1]; ++at) {
      const auto k =
          static_cast<std::size_t>(next[static_cast<std::size_t>(slot[static_cast<std::size_t>(x.indices[at])])]++);
      rows[k] = static_cast<std::int32_t>(u);
      values[k] = x.value(at);
    }
  }
  return {columns.first(touched), indptr.first(touched + 1), rows, values};
}

template <class T>
void sparse_linear_weight_grad(const TouchedColumns<T>& x, ConstMatrix<T> g, Matrix<T> grad, bool rows_only,
                               bool accumulate) {
  parallel_chunks(static_cast<Index>(x.columns.size()), 32, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      const auto at = static_cast<std::size_t>(k);
      T* row = grad.row(rows_only ? k : x.columns[at]);
      if (!accumulate) std::fill(row, row + grad.cols, T(0));
      const std::int64_t first = x.indptr[at];
      kernels::loops<T>().add_rows(x.values.data() + first, T(1), x.rows.data() + first, x.indptr[at + 1] - first,
                                   g.data, grad.cols, row);
    }
  });
}

template void sparse_linear_forward(const CsrView<float>&, ConstMatrix<float>, ConstMatrix<float>, Matrix<float>);
template void sparse_linear_forward(const CsrView<double>&, ConstMatrix<double>, ConstMatrix<double>, Matrix<double>);
template TouchedColumns<float> by_columns(Tape<float>&, const CsrView<float>&);
template TouchedColumns<double> by_columns(Tape<double>&, const CsrView<double>&);
template void sparse_linear_weight_grad(const TouchedColumns<float>&, ConstMatrix<float>, Matrix<float>, bool, bool);
template void sparse_linear_weight_grad(const TouchedColumns<double>&, ConstMatrix<double>, Matrix<double>, bool, bool);

}  // namespace ad::detail
