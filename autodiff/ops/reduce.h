// Sums over rows and over everything, and the softmax family. Rows are the samples.
#pragma once

#include <cmath>

#include "../kernels.h"
#include "broadcast.h"

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
  Tape<T>& tape = x.tape();
  Matrix<T> out = tape.alloc(1, 1);
  *out.data = static_cast<T>(total(tape, x.value()) * factor);
  return tape.record(op, out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    if (GradSlot<T> dx = t.grad(x)) {
      const T each = *g.data * factor;
      parallel_chunks(dx.grad.size(), kChunk, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) dx.put(i, each);
      });
    }
  });
}

/// The largest element of a row and sum_j e^(x_j - top). What is formed from these two, instead of from their
/// logarithm, keeps its digits also at 1e6. A row with no finite top (empty, or -inf alone) has the sum 0.
template <class T>
struct RowSoftmax {
  T top, sum;

  RowSoftmax(const T* row, Index n) : top(kernels::loops<T>().row_max(row, n)), sum(0) {
    for (Index j = 0; std::isfinite(top) && j < n; ++j) sum += kernels::exp(row[j] - top);
  }
  T logsumexp() const { return sum > 0 ? top + std::log(sum) : top; }
  T log_softmax(T x) const { return x - top - std::log(sum); }
  T softmax(T x) const { return sum > 0 ? kernels::exp(x - top) / sum : T(0); }
};

}  // namespace detail

/// Sum over all elements: [1, 1].
template <class T>
Var<T> sum(Var<T> x) {
  return detail::scaled_total("sum", x, T(1));
}

/// Mean over all elements: [1, 1]; x must not be empty.
template <class T>
Var<T> mean(Var<T> x) {
  const Index n = x.value().size();
  if (n == 0) throw ShapeError("mean: " + shape_string(x.value()) + " has no elements");
  return detail::scaled_total("mean", x, T(1) / static_cast<T>(n));
}

/// sum_j x_ij: [rows, 1].
template <class T>
Var<T> row_sums(Var<T> x) {
  Tape<T>& tape = x.tape();
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, 1);
  parallel_rows(in.rows, in.cols, [&](Index i) {
    double sum = 0;
    for (Index j = 0; j < in.cols; ++j) sum += in(i, j);
    out.data[i] = static_cast<T>(sum);
  });
  return tape.record("row_sums", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_reduced(t.grad(x), in.rows, in.cols, [&](Index i, Index) { return g.data[i]; });
  });
}

/// log sum_j e^x_ij: [rows, 1].
template <class T>
Var<T> logsumexp(Var<T> x) {
  Tape<T>& tape = x.tape();
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, 1);
  parallel_rows(in.rows, in.cols,
                [&](Index i) { out.data[i] = detail::RowSoftmax<T>(in.row(i), in.cols).logsumexp(); });
  return tape.record("logsumexp", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    GradSlot<T> dx = t.grad(x);
    if (!dx) return;
    parallel_rows(in.rows, in.cols, [&](Index i) {
      const detail::RowSoftmax<T> row(in.row(i), in.cols);
      for (Index j = 0; j < in.cols; ++j) dx.put(i * in.cols + j, g.data[i] * row.softmax(in(i, j)));
    });
  });
}

/// e^x_ij / sum_k e^x_ik
template <class T>
Var<T> softmax(Var<T> x) {
  Tape<T>& tape = x.tape();
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, in.cols);
  parallel_rows(in.rows, in.cols, [&](Index i) {
    const detail::RowSoftmax<T> row(in.row(i), in.cols);
    for (Index j = 0; j < in.cols; ++j) out(i, j) = row.softmax(in(i, j));
  });
  return tape.record("softmax", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    GradSlot<T> dx = t.grad(x);
    if (!dx) return;
    parallel_rows(in.rows, in.cols, [&](Index i) {
      const T inner = kernels::loops<T>().dot(g.row(i), out.row(i), in.cols);
      for (Index j = 0; j < in.cols; ++j) dx.put(i * in.cols + j, out(i, j) * (g(i, j) - inner));
    });
  });
}

/// x_ij - log sum_k e^x_ik
template <class T>
Var<T> log_softmax(Var<T> x) {
  Tape<T>& tape = x.tape();
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, in.cols);
  parallel_rows(in.rows, in.cols, [&](Index i) {
    const detail::RowSoftmax<T> row(in.row(i), in.cols);
    for (Index j = 0; j < in.cols; ++j) out(i, j) = row.log_softmax(in(i, j));
  });
  return tape.record("log_softmax", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    GradSlot<T> dx = t.grad(x);
    if (!dx) return;
    parallel_rows(in.rows, in.cols, [&](Index i) {
      T total = 0;
      for (Index j = 0; j < in.cols; ++j) total += g(i, j);
      for (Index j = 0; j < in.cols; ++j) dx.put(i * in.cols + j, g(i, j) - kernels::exp(out(i, j)) * total);
    });
  });
}

}  // namespace ad
