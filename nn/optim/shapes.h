// The check of shapes before a gradient is used.
#pragma once

#include <string>

#include "../../autodiff/inspect/dense.h"
#include "../module.h"

namespace ad::nn::detail {

/// Throws ShapeError("who: ...") if there is a gradient and it, or what `who` keeps for `p`, is not of the shape of
/// `p`; `kept` is null where nothing is kept yet.
template <class T>
void check_shapes(const char* who, const Parameter<T>& p, const Gradient<T>& g, const Tensor<T>* kept) {
  if (!g) return;
  const Index rows = p.value.rows(), cols = p.value.cols();
  if (ad::detail::fits(g, rows, cols) && (!kept || (kept->rows() == rows && kept->cols() == cols))) return;
  throw ShapeError(std::string(who) + ": parameter " + shape_string(rows, cols) + ", gradient " +
                   shape_string(g.values) + (kept ? ", kept for it " + shape_string(kept->view()) : "") +
                   ": a parameter changed its shape");
}

}  // namespace ad::nn::detail
