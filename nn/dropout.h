// Dropout as a layer: a rate. The caller passes the key of each draw, or does not call it (evaluation).
#pragma once

#include "../autodiff/ops/stochastic.h"

namespace ad::nn {

/// Inverted dropout with rate p (ad::dropout), of dense values and of a sparse matrix's entries. Has no parameters.
struct Dropout {
  double p = 0.5;  ///< the rate, in [0, 1)

  /// ad::dropout(x, p, key), of the same shape.
  template <class T>
  Var<T> operator()(Var<T> x, RandomKey key) const {
    return dropout(x, p, key);
  }
  /// The same of the entries of a sparse matrix; lives on the tape.
  template <class T>
  CsrView<T> operator()(Tape<T>& tape, const CsrView<T>& x, RandomKey key) const {
    return dropout(tape, x, p, key);
  }

  /// There are no parameters (nn/module.h).
  template <class Self, class F>
  static void visit(Self&, F&&) {}
};

}  // namespace ad::nn
