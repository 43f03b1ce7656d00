// Rows and columns taken out, put together and turned.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "sparse_linear.h"

namespace ad {
namespace detail {

/// Throws ShapeError unless 0 <= begin <= end <= n.
template <class T>
void check_range(const char* op, Index begin, Index end, Index n, ConstMatrix<T> x) {
  if (begin < 0 || end < begin || end > n) {
    throw ShapeError(std::string(op) + ": from " + std::to_string(begin) + " to " + std::to_string(end) + " of " +
                     shape_string(x) + ": expected 0 <= begin <= end <= " + std::to_string(n));
  }
}

/// The tape of several values, at least one.
template <class T>
Tape<T>& tape_of_parts(const char* op, std::span<const Var<T>> parts) {
  if (parts.empty()) throw ShapeError(std::string(op) + ": expected at least one part, found none");
  for (Var<T> part : parts) parts[0].tape(op).value(part, op);
  return parts[0].tape(op);
}

/// The value of `part`, whose `side` is as long as that of `first`, or ShapeError.
template <class T>
ConstMatrix<T> matching(const char* op, Var<T> part, Var<T> first, Index ConstMatrix<T>::*side) {
  if (part.value().*side != first.value().*side) {
    throw ShapeError(std::string(op) + ": " + shape_string(first.value()) + " and " + shape_string(part.value()) +
                     " do not fit beside each other");
  }
  return part.value();
}

}  // namespace detail

/// Row indices[i] of x as row i: an embedding's rows. [n, cols]; a row may come several times. The gradient of an x
/// that is a leaf holds the rows that occur, no others. Throws ShapeError for an index outside.
template <class T>
Var<T> gather_rows(Var<T> x, std::span<const std::int32_t> indices) {
  Tape<T>& tape = tape_of("gather_rows", {x});
  const ConstMatrix<T> in = x.value();
  const Index n = std::ssize(indices);
  for (std::int32_t i : indices) {
    if (i < 0 || i >= in.rows) {
      throw ShapeError("gather_rows: there is no row " + std::to_string(i) + " in " + shape_string(in));
    }
  }
  Matrix<T> out = tape.alloc(n, in.cols);
  parallel_rows(n, in.cols,
                [&](Index i) { std::copy_n(in.row(indices[static_cast<std::size_t>(i)]), in.cols, out.row(i)); });
  const std::span<const std::int32_t> mine = tape.wants_grad(x) ? tape.copy(indices) : indices;
  return tape.record("gather_rows", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    const std::span<std::int64_t> indptr = t.template alloc_array<std::int64_t>(n + 1);  // one entry to a row
    for (std::size_t i = 0; i < indptr.size(); ++i) indptr[i] = static_cast<std::int64_t>(i);
    detail::put_rows(t, x, CsrView<T>{n, in.rows, indptr.data(), mine.data(), nullptr}, g);
  });
}

/// Rows [begin, end) of x, not copied. The gradient of an x that is a leaf holds these rows alone.
template <class T>
Var<T> slice_rows(Var<T> x, Index begin, Index end) {
  Tape<T>& tape = tape_of("slice_rows", {x});
  const ConstMatrix<T> in = x.value();
  detail::check_range("slice_rows", begin, end, in.rows, in);
  Matrix<T> out{const_cast<T*>(in.row(begin)), end - begin, in.cols};
  return tape.record("slice_rows", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    if (t.takes_row_grad(x)) {
      const std::span<std::int32_t> rows = t.template alloc_array<std::int32_t>(g.rows);
      for (Index i = 0; i < g.rows; ++i) rows[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(begin + i);
      Matrix<T> values = t.alloc(g.rows, g.cols);
      std::copy_n(g.data, g.size(), values.data);
      t.set_row_grad(x, rows, values);
    } else if (GradSlot<T> dx = t.grad_slot(x)) {
      detail::clear_fresh(dx);
      parallel_rows(g.rows, g.cols,
                    [&](Index i) { kernels::loops<T>().axpy(T(1), g.row(i), dx.grad.row(begin + i), g.cols); });
    }
  });
}

/// Columns [begin, end) of x.
template <class T>
Var<T> slice_cols(Var<T> x, Index begin, Index end) {
  Tape<T>& tape = tape_of("slice_cols", {x});
  const ConstMatrix<T> in = x.value();
  detail::check_range("slice_cols", begin, end, in.cols, in);
  Matrix<T> out = tape.alloc(in.rows, end - begin);
  parallel_rows(out.rows, out.cols, [&](Index i) { std::copy_n(in.row(i) + begin, out.cols, out.row(i)); });
  return tape.record("slice_cols", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    if (GradSlot<T> dx = t.grad_slot(x)) {
      detail::clear_fresh(dx);
      parallel_rows(g.rows, g.cols,
                    [&](Index i) { kernels::loops<T>().axpy(T(1), g.row(i), dx.grad.row(i) + begin, g.cols); });
    }
  });
}

/// All rows of the parts, one part below the other; all have the same number of columns. At least one part.
template <class T>
Var<T> concat_rows(std::span<const Var<T>> parts) {
  Tape<T>& tape = detail::tape_of_parts("concat_rows", parts);
  Index rows = 0;
  for (Var<T> part : parts) rows += detail::matching("concat_rows", part, parts[0], &ConstMatrix<T>::cols).rows;
  Matrix<T> out = tape.alloc(rows, parts[0].cols());
  T* at = out.data;
  for (Var<T> part : parts) at = std::copy_n(part.value().data, part.value().size(), at);
  const std::span<const Var<T>> mine = tape.copy(parts);
  return tape.record("concat_rows", out, parts, [=](Tape<T>& t, ConstMatrix<T> g) {
    Index begin = 0;
    for (Var<T> part : mine) {
      const Index n = part.rows();
      detail::put_sum(t, t.grad_slot(part), ConstMatrix<T>{g.row(begin), n, g.cols});
      begin += n;
    }
  });
}

/// All columns of the parts, one part beside the other; all have the same number of rows. At least one part.
template <class T>
Var<T> concat_cols(std::span<const Var<T>> parts) {
  Tape<T>& tape = detail::tape_of_parts("concat_cols", parts);
  Index cols = 0;
  for (Var<T> part : parts) cols += detail::matching("concat_cols", part, parts[0], &ConstMatrix<T>::rows).cols;
  Matrix<T> out = tape.alloc(parts[0].rows(), cols);
  const std::span<const Var<T>> mine = tape.copy(parts);
  parallel_rows(out.rows, out.cols, [&](Index i) {
    T* at = out.row(i);
    for (Var<T> part : mine) at = std::copy_n(part.value().row(i), part.cols(), at);
  });
  return tape.record("concat_cols", out, parts, [=](Tape<T>& t, ConstMatrix<T> g) {
    Index begin = 0;
    for (Var<T> part : mine) {
      const GradSlot<T> slot = t.grad_slot(part);
      parallel_rows(g.rows, part.cols(), [&](Index i) { detail::put_row(slot, i, g.row(i) + begin); });
      begin += part.cols();
    }
  });
}

/// The same, of a list: concat_rows({a, b}).
template <class T>
Var<T> concat_rows(std::initializer_list<Var<T>> parts) {
  return concat_rows(std::span<const Var<T>>(parts.begin(), parts.size()));
}
/// The same, of a list: concat_cols({a, b}).
template <class T>
Var<T> concat_cols(std::initializer_list<Var<T>> parts) {
  return concat_cols(std::span<const Var<T>>(parts.begin(), parts.size()));
}

/// The same, of a vector of them.
template <class T>
Var<T> concat_rows(const std::vector<Var<T>>& parts) {
  return concat_rows(std::span<const Var<T>>(parts));
}
/// The same, of a vector of them.
template <class T>
Var<T> concat_cols(const std::vector<Var<T>>& parts) {
  return concat_cols(std::span<const Var<T>>(parts));
}

/// x_ji: [cols, rows].
template <class T>
Var<T> transpose(Var<T> x) {
  Tape<T>& tape = tape_of("transpose", {x});
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.cols, in.rows);
  detail::fill(out, [&](Index i, Index j) { return in(j, i); });
  return tape.record("transpose", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_reduced(t.grad_slot(x), in.rows, in.cols, [&](Index i, Index j) { return g(j, i); });
  });
}

}  // namespace ad
