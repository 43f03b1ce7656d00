// A linear layer on sparse rows.
#pragma once

#include <string>

#include "../csr.h"
#include "../kernels/api.h"
#include "broadcast.h"

namespace ad {
namespace detail {

/// out[u] = bias + sum over the entries (j, v) of row u of v * weight[j].
template <class T>
RECVAE_API void sparse_linear_forward(const CsrView<T>& x, ConstMatrix<T> weight, ConstMatrix<T> bias, Matrix<T> out);

/// The columns of x that have entries, ascending, and x by columns: what the weight's gradient runs over.
template <class T>
struct TouchedColumns {
  std::span<const std::int32_t> columns;
  std::span<const std::int64_t> indptr;  // columns.size() + 1 offsets into rows, values
  std::span<const std::int32_t> rows;
  std::span<const T> values;
};
template <class T>
RECVAE_API TouchedColumns<T> by_columns(Tape<T>& tape, const CsrView<T>& x);

/// grad.row(k or columns[k]) = (or +=) sum over the entries (u, v) of column k of v * g[u].
template <class T>
RECVAE_API void sparse_linear_weight_grad(const TouchedColumns<T>& x, ConstMatrix<T> g, Matrix<T> grad, bool rows_only,
                                          bool accumulate);

/// Gives `weight` the gradient x^T g: as rows where it takes those.
template <class T>
void put_rows(Tape<T>& t, Var<T> weight, const CsrView<T>& x, ConstMatrix<T> g) {
  if (t.takes_row_grad(weight)) {
    const TouchedColumns<T> columns = by_columns(t, x);
    // As large as the entries could make it, touched or not: then a step's memory only depends on nnz.
    T* memory = t.alloc(std::min(x.nnz(), x.cols), g.cols).data;
    Matrix<T> rows{memory, static_cast<Index>(columns.columns.size()), g.cols};
    sparse_linear_weight_grad(columns, g, rows, true, false);
    t.set_row_grad(weight, columns.columns, rows);
  } else if (GradSlot<T> dw = t.grad_slot(weight)) {
    clear_fresh(dw);
    sparse_linear_weight_grad(by_columns(t, x), g, dw.grad, false, true);
  }
}

}  // namespace detail

/// A copy of `x` on the tape, so that the batch behind it may die early.
template <class T>
CsrView<T> copy(Tape<T>& tape, const CsrView<T>& x) {
  if (x.rows == 0) return {0, x.cols, nullptr, nullptr, nullptr};
  const auto n = static_cast<std::size_t>(x.nnz());
  CsrView<T> mine{x.rows, x.cols, nullptr, nullptr, nullptr};
  mine.indptr = tape.copy(std::span<const std::int64_t>(x.indptr, static_cast<std::size_t>(x.rows) + 1)).data();
  mine.indices = tape.copy(std::span<const std::int32_t>(x.indices, n)).data();
  if (x.values) mine.values = tape.copy(std::span<const T>(x.values, n)).data();
  return mine;
}

/// x weight + bias: x sparse [batch, in], weight [in, out] (a row per input: PyTorch's transposed), bias [1, out]. The
/// gradient of a weight that is a leaf holds the rows of the inputs that occur, no others.
template <class T>
Var<T> sparse_linear(const CsrView<T>& x, Var<T> weight, Var<T> bias) {
  Tape<T>& tape = tape_of("sparse_linear", {weight, bias});
  const ConstMatrix<T> w = weight.value(), b = bias.value();
  if (x.cols != w.rows || b.rows != 1 || b.cols != w.cols) {
    throw ShapeError("sparse_linear: x " + shape_string(x) + ", weight " + shape_string(w) + ", bias " +
                     shape_string(b) + ": expected [batch, in], [in, out], [1, out]");
  }
  check(x, "sparse_linear");
  Matrix<T> out = tape.alloc(x.rows, w.cols);
  detail::sparse_linear_forward(x, w, b, out);
  const CsrView<T> mine = tape.wants_grad(weight) ? copy(tape, x) : CsrView<T>{};
  return tape.record("sparse_linear", out, {weight, bias}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_rows(t, weight, mine, g);
    detail::put_sum(t, t.grad_slot(bias), g);
  });
}

}  // namespace ad
