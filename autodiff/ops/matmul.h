// Dense products.
#pragma once

#include <string>

#include "../kernels/gemm.h"
#include "broadcast.h"

namespace ad {

/// op(a) op(b), where op transposes if told so: [m, k] x [k, n] -> [m, n].
template <class T>
Var<T> matmul(Var<T> a, Var<T> b, bool transpose_a = false, bool transpose_b = false) {
  Tape<T>& tape = tape_of("matmul", {a, b});
  const ConstMatrix<T> x = a.value(), y = b.value();
  const Index m = transpose_a ? x.cols : x.rows, k = transpose_a ? x.rows : x.cols;
  const Index n = transpose_b ? y.rows : y.cols, k_right = transpose_b ? y.cols : y.rows;
  if (k != k_right) {
    throw ShapeError("matmul: " + shape_string(x) + (transpose_a ? "^T" : "") + " x " + shape_string(y) +
                     (transpose_b ? "^T" : "") + ": inner sizes " + std::to_string(k) + " and " +
                     std::to_string(k_right) + " differ");
  }
  using Operand = blas::Operand<T>;
  Matrix<T> out = tape.alloc(m, n);
  gemm(m, n, k, T(1), Operand{x.data, x.cols, transpose_a}, Operand{y.data, y.cols, transpose_b}, T(0), out.data, n);
  return tape.record("matmul", out, {a, b}, [=](Tape<T>& t, ConstMatrix<T> g) {
    const Operand gx{x.data, x.cols, !transpose_a}, gy{y.data, y.cols, !transpose_b};
    if (GradSlot<T> da = t.grad_slot(a)) {  // d op(a) = g op(b)^T, stored transposed if a is
      if (!transpose_a) {
        gemm(m, k, n, T(1), Operand{g.data, n}, gy, da.beta(), da.grad.data, k);
      } else {
        gemm(k, m, n, T(1), Operand{y.data, y.cols, transpose_b}, Operand{g.data, n, true}, da.beta(), da.grad.data, m);
      }
    }
    if (GradSlot<T> db = t.grad_slot(b)) {  // d op(b) = op(a)^T g
      if (!transpose_b) {
        gemm(k, n, m, T(1), gx, Operand{g.data, n}, db.beta(), db.grad.data, n);
      } else {
        gemm(n, k, m, T(1), Operand{g.data, n, true}, Operand{x.data, x.cols, transpose_a}, db.beta(), db.grad.data, k);
      }
    }
  });
}

/// x weight^T + bias: x [batch, in], weight [out, in] (PyTorch's layout), bias [1, out].
template <class T>
Var<T> linear(Var<T> x, Var<T> weight, Var<T> bias) {
  Tape<T>& tape = tape_of("linear", {x, weight, bias});
  const ConstMatrix<T> in = x.value(), w = weight.value(), b = bias.value();
  if (in.cols != w.cols || b.rows != 1 || b.cols != w.rows) {
    throw ShapeError("linear: x " + shape_string(in) + ", weight " + shape_string(w) + ", bias " + shape_string(b) +
                     ": expected [batch, in], [out, in], [1, out]");
  }
  using Operand = blas::Operand<T>;
  Matrix<T> out = tape.alloc(in.rows, w.rows);
  parallel_rows(out.rows, out.cols, [&](Index i) { std::copy_n(b.data, b.cols, out.row(i)); });
  gemm(in.rows, w.rows, w.cols, T(1), Operand{in.data, in.cols}, Operand{w.data, w.cols, true}, T(1), out.data,
       out.cols);
  return tape.record("linear", out, {x, weight, bias}, [=](Tape<T>& t, ConstMatrix<T> g) {
    if (GradSlot<T> dx = t.grad_slot(x)) {
      gemm(g.rows, w.cols, g.cols, T(1), Operand{g.data, g.cols}, Operand{w.data, w.cols}, dx.beta(), dx.grad.data,
           w.cols);
    }
    if (GradSlot<T> dw = t.grad_slot(weight)) {
      gemm(g.cols, w.cols, g.rows, T(1), Operand{g.data, g.cols, true}, Operand{in.data, in.cols}, dw.beta(),
           dw.grad.data, w.cols);
    }
    detail::put_sum(t, t.grad_slot(bias), g);
  });
}

/// x weight^T: x [batch, in], weight [out, in].
template <class T>
Var<T> linear(Var<T> x, Var<T> weight) {
  const ConstMatrix<T> in = tape_of("linear", {x, weight}).value(x), w = weight.value();
  if (in.cols != w.cols) {
    throw ShapeError("linear: x " + shape_string(in) + ", weight " + shape_string(w) +
                     ": expected [batch, in], [out, in]");
  }
  return matmul(x, weight, false, true);
}

}  // namespace ad
