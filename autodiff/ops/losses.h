// What classifiers and regressions minimise: means, as PyTorch's functions of these names (mse: mse_loss).
#pragma once

#include <string>

#include "arithmetic.h"
#include "reduce.h"

namespace ad {
namespace detail {

/// The mean of f(x, y), whose derivatives are dx(x, y) and dy(x, y), over all elements of two matrices of one shape.
template <class T, class F, class DX, class DY>
Var<T> mean_loss(const char* op, Var<T> a, Var<T> b, F f, DX dx, DY dy) {
  const ConstMatrix<T> x = tape_of(op, {a, b}).value(a), y = b.value();
  if (x.rows != y.rows || x.cols != y.cols) {
    throw ShapeError(std::string(op) + ": " + shape_string(x) + " and " + shape_string(y) +
                     ": expected the same shape");
  }
  return mean_of(
      op, binary(
              op, a, b, f, [dx](T g, T p, T q) { return g * dx(p, q); }, [dy](T g, T p, T q) { return g * dy(p, q); }));
}

}  // namespace detail

/// -1 / n sum_i log softmax(logits_i)_labels[i]: [1, 1], for logits [n, classes], n > 0, and a class for each row.
/// Throws ShapeError for a class outside or another number of labels.
template <class T>
Var<T> cross_entropy(Var<T> logits, std::span<const std::int32_t> labels) {
  Tape<T>& tape = tape_of("cross_entropy", {logits});
  const ConstMatrix<T> in = logits.value();
  if (in.rows == 0 || std::ssize(labels) != in.rows) {
    throw ShapeError("cross_entropy: logits " + shape_string(in) + " and " + std::to_string(labels.size()) +
                     " labels: expected one for each row, and rows");
  }
  for (std::int32_t label : labels) {
    if (label < 0 || label >= in.cols) {
      throw ShapeError("cross_entropy: there is no class " + std::to_string(label) + " in " + shape_string(in));
    }
  }
  const std::span<const std::int32_t> mine = tape.copy(labels);
  const Matrix<T> e = tape.alloc(in.rows, in.cols), out = tape.alloc(1, 1);
  const detail::RowSoftmax<T> rows(tape, in, e);
  double total = 0;
  for (Index i = 0; i < in.rows; ++i) {
    const auto row = static_cast<std::size_t>(i);
    total += rows.log_sum(i) - (in(i, mine[row]) - rows.top[row]);
  }
  *out.data = static_cast<T>(total / static_cast<double>(in.rows));
  return tape.record("cross_entropy", out, {logits}, [=](Tape<T>& t, ConstMatrix<T> g) {
    const T each = *g.data / static_cast<T>(in.rows);
    detail::put_reduced(t.grad_slot(logits), in.rows, in.cols, [&](Index i, Index j) {
      return each * (e(i, j) * rows.rate(i) - static_cast<T>(j == mine[static_cast<std::size_t>(i)]));
    });
  });
}

/// The mean of -(y log sigmoid(x) + (1 - y) log(1 - sigmoid(x))) = max(x, 0) - x y + log(1 + e^-|x|): [1, 1], for
/// logits x and targets y in [0, 1] of one shape, which is not empty; else ShapeError.
template <class T>
Var<T> binary_cross_entropy_with_logits(Var<T> logits, Var<T> targets) {
  return detail::mean_loss(
      "binary_cross_entropy_with_logits", logits, targets,
      [](T x, T y) { return (x < T(0) ? T(0) : x) - x * y + std::log1p(std::exp(-std::abs(x))); },
      [](T x, T y) { return kernels::sigmoid(x) - y; }, [](T x, T) { return -x; });
}

/// The mean of (a - b)^2: [1, 1], of two of one shape, which is not empty; else ShapeError.
template <class T>
Var<T> mse(Var<T> a, Var<T> b) {
  return detail::mean_loss(
      "mse", a, b, [](T x, T y) { return (x - y) * (x - y); }, [](T x, T y) { return 2 * (x - y); },
      [](T x, T y) { return 2 * (y - x); });
}

}  // namespace ad
