// Layer normalisation, alone and fused with the swish before it.
#pragma once

#include <cmath>
#include <string>

#include "../kernels/loops.h"
#include "broadcast.h"

namespace ad {
namespace detail {

/// Per row: (y - mean) / sqrt(var + eps) * weight + bias, with the biased variance; y is swish(x + skip) or x. Keeps
/// two numbers per row: the backward forms y again, which costs less than memory does.
template <class T>
Var<T> normalise(const char* op, Var<T> x, const Var<T>* skip, Var<T> weight, Var<T> bias, double eps, bool swish) {
  const Var<T> added = skip ? *skip : x;
  Tape<T>& tape = tape_of(op, {x, added, weight, bias});
  const ConstMatrix<T> in = x.value(), w = weight.value(), b = bias.value();
  const ConstMatrix<T> s = skip ? skip->value() : ConstMatrix<T>{nullptr, in.rows, in.cols};
  const Index rows = in.rows, n = in.cols;
  if (n == 0 || w.rows != 1 || w.cols != n || b.rows != 1 || b.cols != n || s.rows != rows || s.cols != n) {
    throw ShapeError(std::string(op) + ": x " + shape_string(in) + (skip ? ", skip " + shape_string(s) : "") +
                     ", weight " + shape_string(w) + ", bias " + shape_string(b) + ": expected [rows, cols]" +
                     (skip ? " twice" : "") + ", [1, cols], [1, cols]");
  }
  if (!(eps >= 0 && std::isfinite(eps))) {
    throw Error(std::string(op) + ": expected an eps from 0 on, found " + std::to_string(eps));
  }
  const auto row = [=](Index i) {
    return kernels::NormRow<T>{in.row(i), s.data ? s.row(i) : nullptr, w.data, b.data, n, swish};
  };
  Matrix<T> out = tape.alloc(rows, n);
  std::span<kernels::RowMoments<T>> moments = tape.template alloc_array<kernels::RowMoments<T>>(rows);
  parallel_rows(rows, n, [&](Index i) {
    moments[static_cast<std::size_t>(i)] = kernels::loops<T>().norm(row(i), eps, out.row(i));
  });
  const bool has_skip = skip != nullptr;
  return tape.record(op, out, {x, added, weight, bias}, [=](Tape<T>& t, ConstMatrix<T> g) {
    const GradSlot<T> dx = t.grad_slot(x), dskip = has_skip ? t.grad_slot(added) : GradSlot<T>{};
    const GradSlot<T> dweight = t.grad_slot(weight), dbias = t.grad_slot(bias);
    // Sums over the rows of a block, then over the blocks: one order for any number of threads.
    constexpr Index kRows = 16;
    const Index blocks = (rows + kRows - 1) / kRows;
    Matrix<T> sums = t.alloc(blocks, 2 * n), scratch = t.alloc(blocks, n);
    const bool in_place = dx && !dx.accumulate;
    parallel_for(blocks, [&](Index block) {
      T* sum = sums.row(block);
      std::fill(sum, sum + 2 * n, T(0));
      for (Index i = block * kRows; i < std::min(rows, (block + 1) * kRows); ++i) {
        T* d = in_place ? dx.grad.row(i) : scratch.row(block);
        kernels::loops<T>().norm_backward(row(i), moments[static_cast<std::size_t>(i)], g.row(i), d, sum, sum + n);
        if (!in_place) put_row(dx, i, d);
        put_row(dskip, i, d);
      }
    });
    put_column_sums(t, dweight, sums.data, blocks, 2 * n);
    put_column_sums(t, dbias, sums.data + n, blocks, 2 * n);
  });
}

}  // namespace detail

/// Per row: (x - mean) / sqrt(var + eps) * weight + bias, with the biased variance, as PyTorch. weight, bias [1, cols].
template <class T>
Var<T> layer_norm(Var<T> x, Var<T> weight, Var<T> bias, double eps) {
  return detail::normalise<T>("layer_norm", x, nullptr, weight, bias, eps, false);
}

/// layer_norm(swish(x), weight, bias, eps) in one pass.
template <class T>
Var<T> swish_layer_norm(Var<T> x, Var<T> weight, Var<T> bias, double eps) {
  return detail::normalise<T>("swish_layer_norm", x, nullptr, weight, bias, eps, true);
}

/// layer_norm(swish(x + skip), weight, bias, eps) in one pass; x and skip [rows, cols].
template <class T>
Var<T> swish_layer_norm(Var<T> x, Var<T> skip, Var<T> weight, Var<T> bias, double eps) {
  return detail::normalise<T>("swish_layer_norm", x, &skip, weight, bias, eps, true);
}

}  // namespace ad
