// All derivatives of a function of one matrix.
#pragma once

#include "../tape.h"
#include "dense.h"

namespace ad {

/// d y_i / d x_j for y = f(tape, x): [elements of y, elements of x], both counted by rows. f is recorded once for each
/// element of y, on a tape of its own, and must do the same each time; of a y that x does not reach it is 0.
template <class T, class F>
Tensor<T> jacobian(F f, const Tensor<T>& x) {
  Tape<T> tape;
  Tensor<T> all, seed;
  for (Index i = 0; i == 0 || i < all.rows(); ++i) {
    tape.reset();
    const Var<T> in = tape.variable(x), out = f(tape, in);
    if (i == 0) {
      all = Tensor<T>(out.value().size(), x.size());
      seed = Tensor<T>(out.rows(), out.cols());
    }
    if (!tape.wants_grad(out) || seed.size() == 0) return all;
    seed.fill(T(0));
    seed.data()[i] = T(1);
    tape.backward(out, seed);
    const Tensor<T> row = dense(tape.gradient(in), x.rows(), x.cols());
    std::copy_n(row.data(), row.size(), all.view().row(i));
  }
  return all;
}

}  // namespace ad
