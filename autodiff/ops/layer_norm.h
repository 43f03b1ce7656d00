// Layer normalisation.
#pragma once

#include <cmath>
#include <string>

#include "broadcast.h"

namespace ad {

/// Per row: (x - mean) / sqrt(var + eps) * weight + bias, with the biased variance, as PyTorch. weight, bias [1, cols].
template <class T>
Var<T> layer_norm(Var<T> x, Var<T> weight, Var<T> bias, double eps) {
  Tape<T>& tape = x.tape();
  const ConstMatrix<T> in = x.value(), w = weight.value(), b = bias.value();
  const Index rows = in.rows, n = in.cols;
  if (n == 0 || w.rows != 1 || w.cols != n || b.rows != 1 || b.cols != n) {
    throw ShapeError("layer_norm: x " + shape_string(in) + ", weight " + shape_string(w) + ", bias " + shape_string(b) +
                     ": expected [rows, cols], [1, cols], [1, cols]");
  }
  Matrix<T> out = tape.alloc(rows, n);
  Matrix<T> normal = tape.alloc(rows, n);  // (x - mean) * rstd
  std::span<T> rstd = tape.template alloc_array<T>(rows);
  parallel_rows(rows, n, [&](Index i) {
    double sum = 0, squares = 0;
    for (Index j = 0; j < n; ++j) sum += in(i, j);
    const double mean = sum / static_cast<double>(n);
    for (Index j = 0; j < n; ++j) squares += (in(i, j) - mean) * (in(i, j) - mean);
    const double r = 1 / std::sqrt(squares / static_cast<double>(n) + eps);
    rstd[static_cast<std::size_t>(i)] = static_cast<T>(r);
    for (Index j = 0; j < n; ++j) {
      normal(i, j) = static_cast<T>((in(i, j) - mean) * r);
      out(i, j) = normal(i, j) * w.data[j] + b.data[j];
    }
  });
  return tape.record("layer_norm", out, {x, weight, bias}, [=](Tape<T>& t, ConstMatrix<T> g) {
    if (GradSlot<T> dx = t.grad(x)) {
      parallel_rows(rows, n, [&](Index i) {
        double sum = 0, inner = 0;  // of the gradient before weight, alone and with the normalised row
        for (Index j = 0; j < n; ++j) {
          const double d = static_cast<double>(g(i, j)) * w.data[j];
          sum += d;
          inner += d * normal(i, j);
        }
        const T mean = static_cast<T>(sum / static_cast<double>(n)),
                slope = static_cast<T>(inner / static_cast<double>(n));
        for (Index j = 0; j < n; ++j) {
          dx.put(i * n + j, rstd[static_cast<std::size_t>(i)] * (g(i, j) * w.data[j] - mean - normal(i, j) * slope));
        }
      });
    }
    detail::put_reduced(t.grad(weight), rows, n, [&](Index i, Index j) { return g(i, j) * normal(i, j); });
    detail::put_reduced(t.grad(bias), rows, n, [&](Index i, Index j) { return g(i, j); });
  });
}

}  // namespace ad
