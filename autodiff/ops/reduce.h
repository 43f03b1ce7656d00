// Sums over rows and over everything, and the softmax family. Rows are the samples.
#pragma once

#include <cmath>
#include <limits>

#include "../kernels/loops.h"
#include "broadcast.h"
#include "elementwise.h"

namespace ad {
namespace detail {

/// Sum over all elements in double, over fixed pieces that are then added in order.
template <class T>
double total(Tape<T>& tape, ConstMatrix<T> x) {
  const Index pieces = (x.size() + kChunk - 1) / kChunk;
  std::span<double> partial = tape.template alloc_array<double>(pieces);
  parallel_for(pieces, [&](Index p) {
    double sum = 0;
    for (Index i = p * kChunk, end = std::min(x.size(), i + kChunk); i < end; ++i) sum += x.data[i];
    partial[static_cast<std::size_t>(p)] = sum;
  });
  double sum = 0;
  for (double p : partial) sum += p;
  return sum;
}

template <class T>
Var<T> scaled_total(const char* op, Var<T> x, T factor) {
  Tape<T>& tape = tape_of(op, {x});
  Matrix<T> out = tape.alloc(1, 1);
  *out.data = static_cast<T>(total(tape, x.value()) * factor);
  return tape.record(op, out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    if (GradSlot<T> dx = t.grad_slot(x)) {
      const T each = *g.data * factor;
      parallel_chunks(dx.grad.size(), kChunk, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) dx.put(i, each);
      });
    }
  });
}

/// Of each row: the largest element, and sum_j e^(x_j - top). What is formed from these two, instead of from their
/// logarithm, keeps its digits also at 1e6. A row of -inf alone, or of nothing, has the sum 0; NaN and +inf give NaN.
template <class T>
struct RowSoftmax {
  std::span<T> top, sum;

  /// Also leaves e^(x - top) in `exponentials`, [rows, cols].
  RowSoftmax(Tape<T>& tape, ConstMatrix<T> x, Matrix<T> exponentials)
      : top(tape.template alloc_array<T>(x.rows)), sum(tape.template alloc_array<T>(x.rows)) {
    parallel_rows(x.rows, x.cols, [&](Index i) {
      const auto row = static_cast<std::size_t>(i);
      top[row] = kernels::loops<T>().row_max(x.row(i), x.cols);
      if (top[row] != -std::numeric_limits<T>::infinity()) {
        sum[row] = kernels::loops<T>().exp_sum(x.row(i), x.cols, top[row], exponentials.row(i));
      } else {
        sum[row] = 0;
        std::fill_n(exponentials.row(i), x.cols, T(0));
      }
    });
  }
  /// 1 / sum, or 0 where there is none.
  T rate(Index i) const { return sum[static_cast<std::size_t>(i)] == 0 ? T(0) : 1 / sum[static_cast<std::size_t>(i)]; }
  T log_sum(Index i) const { return std::log(sum[static_cast<std::size_t>(i)]); }
};

/// Of each row the first element that is beyond(it, all others), or the first NaN.
template <class T, class F>
Var<T> row_extreme(const char* op, Var<T> x, F beyond) {
  Tape<T>& tape = tape_of(op, {x});
  const ConstMatrix<T> in = x.value();
  if (in.cols == 0) throw ShapeError(std::string(op) + ": " + shape_string(in) + " has no columns");
  Matrix<T> out = tape.alloc(in.rows, 1);
  const std::span<Index> at = tape.template alloc_array<Index>(in.rows);
  parallel_rows(in.rows, in.cols, [&](Index i) {
    const T* row = in.row(i);
    Index best = 0;
    for (Index j = 1; j < in.cols && !std::isnan(row[best]); ++j) {
      if (beyond(row[j], row[best]) || std::isnan(row[j])) best = j;
    }
    at[static_cast<std::size_t>(i)] = best;
    out.data[i] = row[best];
  });
  return tape.record(op, out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    put_reduced(t.grad_slot(x), in.rows, in.cols,
                [&](Index i, Index j) { return j == at[static_cast<std::size_t>(i)] ? g.data[i] : T(0); });
  });
}

}  // namespace detail

/// Sum over all elements: [1, 1].
template <class T>
Var<T> sum(Var<T> x) {
  return detail::scaled_total("sum", x, T(1));
}

namespace detail {
/// mean(), under the name of `op`.
template <class T>
Var<T> mean_of(const char* op, Var<T> x) {
  const ConstMatrix<T> in = tape_of(op, {x}).value(x);
  if (in.size() == 0) throw ShapeError(std::string(op) + ": " + shape_string(in) + " has no elements");
  return scaled_total(op, x, T(1) / static_cast<T>(in.size()));
}
}  // namespace detail

/// Mean over all elements: [1, 1]; x must not be empty.
template <class T>
Var<T> mean(Var<T> x) {
  return detail::mean_of("mean", x);
}

/// sum_j x_ij: [rows, 1].
template <class T>
Var<T> row_sums(Var<T> x) {
  Tape<T>& tape = tape_of("row_sums", {x});
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, 1);
  parallel_rows(in.rows, in.cols, [&](Index i) {
    double sum = 0;
    for (Index j = 0; j < in.cols; ++j) sum += in(i, j);
    out.data[i] = static_cast<T>(sum);
  });
  return tape.record("row_sums", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_reduced(t.grad_slot(x), in.rows, in.cols, [&](Index i, Index) { return g.data[i]; });
  });
}

/// sum_j x_ij / cols: [rows, 1]; there must be columns.
template <class T>
Var<T> row_mean(Var<T> x) {
  const ConstMatrix<T> in = tape_of("row_mean", {x}).value(x);
  if (in.cols == 0) throw ShapeError("row_mean: " + shape_string(in) + " has no columns");
  return scale(row_sums(x), T(1) / static_cast<T>(in.cols));
}

/// sum_i x_ij: [1, cols].
template <class T>
Var<T> column_sums(Var<T> x) {
  Tape<T>& tape = tape_of("column_sums", {x});
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(1, in.cols);
  detail::put_column_sums(tape, GradSlot<T>{out}, in.data, in.rows, in.cols);
  return tape.record("column_sums", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_reduced(t.grad_slot(x), in.rows, in.cols, [&](Index, Index j) { return g.data[j]; });
  });
}

/// max_j x_ij: [rows, 1]; there must be columns. NaN if one is. Of equal ones the first gets the gradient.
template <class T>
Var<T> row_max(Var<T> x) {
  return detail::row_extreme("row_max", x, [](T a, T b) { return a > b; });
}

/// min_j x_ij: [rows, 1]; there must be columns. NaN if one is. Of equal ones the first gets the gradient.
template <class T>
Var<T> row_min(Var<T> x) {
  return detail::row_extreme("row_min", x, [](T a, T b) { return a < b; });
}

/// log sum_j e^x_ij: [rows, 1].
template <class T>
Var<T> logsumexp(Var<T> x) {
  Tape<T>& tape = tape_of("logsumexp", {x});
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, 1), e = tape.alloc(in.rows, in.cols);
  const detail::RowSoftmax<T> rows(tape, in, e);
  for (Index i = 0; i < in.rows; ++i) {
    const T top = rows.top[static_cast<std::size_t>(i)];
    out.data[i] = rows.rate(i) > 0 ? top + rows.log_sum(i) : top;
  }
  return tape.record("logsumexp", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_reduced(t.grad_slot(x), in.rows, in.cols,
                        [&](Index i, Index j) { return g.data[i] * rows.rate(i) * e(i, j); });
  });
}

/// e^x_ij / sum_k e^x_ik
template <class T>
Var<T> softmax(Var<T> x) {
  Tape<T>& tape = tape_of("softmax", {x});
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, in.cols);
  const detail::RowSoftmax<T> rows(tape, in, out);
  parallel_rows(in.rows, in.cols, [&](Index i) {
    const T rate = rows.rate(i);
    for (Index j = 0; j < in.cols; ++j) out(i, j) *= rate;
  });
  return tape.record("softmax", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    GradSlot<T> dx = t.grad_slot(x);
    if (!dx) return;
    parallel_rows(in.rows, in.cols, [&](Index i) {
      const T inner = kernels::loops<T>().dot(g.row(i), out.row(i), in.cols);
      for (Index j = 0; j < in.cols; ++j) dx.put(i * in.cols + j, out(i, j) * (g(i, j) - inner));
    });
  });
}

/// x_ij - log sum_k e^x_ik; -inf in a row of -inf alone, whose softmax is 0.
template <class T>
Var<T> log_softmax(Var<T> x) {
  Tape<T>& tape = tape_of("log_softmax", {x});
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, in.cols), e = tape.alloc(in.rows, in.cols);
  const detail::RowSoftmax<T> rows(tape, in, e);
  parallel_rows(in.rows, in.cols, [&](Index i) {
    const T top = std::max(rows.top[static_cast<std::size_t>(i)], std::numeric_limits<T>::lowest());
    const T log_sum = rows.rate(i) == 0 ? T(0) : rows.log_sum(i);
    for (Index j = 0; j < in.cols; ++j) out(i, j) = in(i, j) - top - log_sum;
  });
  return tape.record("log_softmax", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    GradSlot<T> dx = t.grad_slot(x);
    if (!dx) return;
    parallel_rows(in.rows, in.cols, [&](Index i) {
      T total = 0;
      for (Index j = 0; j < in.cols; ++j) total += g(i, j);
      total *= rows.rate(i);
      for (Index j = 0; j < in.cols; ++j) dx.put(i * in.cols + j, g(i, j) - e(i, j) * total);
    });
  });
}

}  // namespace ad
