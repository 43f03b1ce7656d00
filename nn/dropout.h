// Dropout as a layer: a rate. The caller passes the key of each draw, or does not call it (evaluation).
#pragma once

#include "../autodiff/ops/stochastic.h"

namespace ad::nn {

/// Inverted dropout with rate p (ad::dropout), of dense values and of a sparse matrix's entries. Has no parameters.
struct Dropout {
  double p = 0.5;

  template <class T>
  Var<T> operator()(Var<T> x, RandomKey key) const {
    return dropout(x, p, key);
  }
  template <class T>
  CsrView<T> operator()(Tape<T>& tape, const CsrView<T>& x, RandomKey key) const {
    return dropout(tape, x, p, key);
  }

  template <class Self, class F>
  static void visit(Self&, F&&) {}
};

}  // namespace ad::nn
