// NumPy's broadcasting rule for two dimensions, and its transpose: summing a gradient back to the input's shape.
#pragma once

#include <string>

#include "../kernels/loops.h"
#include "../parallel.h"
#include "../tape.h"

namespace ad::detail {

/// An operand seen at the shape of the result: a side of length 1 repeats.
template <class T>
struct Broadcast {
  const T* data;
  Index row_step, col_step;
  Broadcast(ConstMatrix<T> m) : data(m.data), row_step(m.rows == 1 ? 0 : m.cols), col_step(m.cols == 1 ? 0 : 1) {}
  const T& operator()(Index i, Index j) const { return data[i * row_step + j * col_step]; }
};

/// Has `small` the sides of `large`, or 1?
template <class T>
bool broadcasts_to(ConstMatrix<T> small, ConstMatrix<T> large) {
  return (small.rows == large.rows || small.rows == 1) && (small.cols == large.cols || small.cols == 1);
}

/// The common length of two sides, or ShapeError.
template <class T>
Index broadcast_side(const char* op, Index a, Index b, ConstMatrix<T> left, ConstMatrix<T> right) {
  if (a != b && a != 1 && b != 1) {
    throw ShapeError(std::string(op) + ": " + shape_string(left) + " and " + shape_string(right) +
                     " do not broadcast: a side must be equal or 1");
  }
  return a == 1 ? b : a;
}

/// The shape that `a` and `b` broadcast to, without data.
template <class T>
ConstMatrix<T> broadcast_shape(const char* op, ConstMatrix<T> a, ConstMatrix<T> b) {
  return {nullptr, broadcast_side(op, a.rows, b.rows, a, b), broadcast_side(op, a.cols, b.cols, a, b)};
}

/// An uninitialised result of the shape that `a` and `b` broadcast to.
template <class T>
Matrix<T> alloc_broadcast(const char* op, Tape<T>& tape, ConstMatrix<T> a, ConstMatrix<T> b) {
  const ConstMatrix<T> shape = broadcast_shape(op, a, b);
  return tape.alloc(shape.rows, shape.cols);
}

/// Sets all of a slot that nobody has filled yet to 0: for a backward that writes a part of it.
template <class T>
void clear_fresh(GradSlot<T> slot) {
  if (slot && !slot.accumulate) std::fill_n(slot.grad.data, slot.grad.size(), T(0));
}

/// out(i, j) = f(i, j)
template <class T, class F>
void fill(Matrix<T> out, F f) {
  parallel_rows(out.rows, out.cols, [&](Index i) {
    for (Index j = 0; j < out.cols; ++j) out(i, j) = f(i, j);
  });
}

/// e^(scale * x) elementwise, on the tape but not recorded: what a backward reads instead of forming it again.
template <class T>
Matrix<T> exp_scaled(Tape<T>& tape, ConstMatrix<T> x, T scale) {
  Matrix<T> out = tape.alloc(x.rows, x.cols);
  parallel_chunks(x.size(), kChunk / 4, [&](Index begin, Index end) {
    kernels::loops<T>().exp(x.data + begin, end - begin, scale, out.data + begin);
  });
  return out;
}

/// Writes g(i, j), given at the result's shape [rows, cols], into the slot of an input that may be smaller: summed over
/// the sides that were repeated. Sums run in double and in one order.
template <class T, class G>
void put_reduced(GradSlot<T> slot, Index rows, Index cols, G g) {
  if (!slot) return;
  const bool rows_kept = slot.grad.rows == rows, cols_kept = slot.grad.cols == cols;
  if (rows_kept && cols_kept) {
    parallel_rows(rows, cols, [&](Index i) {
      for (Index j = 0; j < cols; ++j) slot.put(i * cols + j, g(i, j));
    });
  } else if (rows_kept) {
    parallel_rows(rows, cols, [&](Index i) {
      double sum = 0;
      for (Index j = 0; j < cols; ++j) sum += g(i, j);
      slot.put(i, static_cast<T>(sum));
    });
  } else if (cols_kept) {
    constexpr Index kColumns = 64;  // side by side, so that rows are read along the cache line
    parallel_for((cols + kColumns - 1) / kColumns, [&](Index block) {
      double sum[kColumns] = {};
      const Index begin = block * kColumns, width = std::min(kColumns, cols - begin);
      for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < width; ++j) sum[j] += g(i, begin + j);
      }
      for (Index j = 0; j < width; ++j) slot.put(begin + j, static_cast<T>(sum[j]));
    });
  } else {
    double sum = 0;
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < cols; ++j) sum += g(i, j);
    }
    slot.put(0, static_cast<T>(sum));
  }
}

/// Writes d into row i of a slot.
template <class T>
void put_row(GradSlot<T> slot, Index i, const T* d) {
  if (!slot) return;
  if (slot.accumulate)
    kernels::loops<T>().axpy(T(1), d, slot.grad.row(i), slot.grad.cols);
  else
    std::copy_n(d, slot.grad.cols, slot.grad.row(i));
}

/// Writes sum_i x[i * stride + j] into element j of a slot of one row. Sums run in double and in one order.
template <class T>
void put_column_sums(Tape<T>& tape, GradSlot<T> slot, const T* x, Index rows, Index stride) {
  if (!slot || slot.grad.cols == 0) return;
  constexpr Index kColumns = 128;  // side by side, so that rows are read along the cache line
  const Index n = slot.grad.cols;
  std::span<double> sums = tape.template alloc_array<double>(n);
  parallel_chunks(n, rows * n < kChunk ? n : kColumns, [&](Index begin, Index end) {
    kernels::loops<T>().column_sums(x + begin, rows, stride, end - begin, sums.data() + begin);
    for (Index j = begin; j < end; ++j) slot.put(j, static_cast<T>(sums[static_cast<std::size_t>(j)]));
  });
}

/// Writes g, given at the result's shape, into the slot of an input that may be smaller, as put_reduced() does.
template <class T>
void put_sum(Tape<T>& tape, GradSlot<T> slot, ConstMatrix<T> g) {
  if (!slot) return;
  if (slot.grad.rows == g.rows && slot.grad.cols == g.cols) {
    parallel_rows(g.rows, g.cols, [&](Index i) { put_row(slot, i, g.row(i)); });
  } else if (slot.grad.rows == 1 && slot.grad.cols == g.cols) {
    put_column_sums(tape, slot, g.data, g.rows, g.cols);
  } else {
    put_reduced(slot, g.rows, g.cols, [&](Index i, Index j) { return g(i, j); });
  }
}

}  // namespace ad::detail
