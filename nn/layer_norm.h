// Layer normalisation with a learned scale and shift.
#pragma once

#include "../autodiff/ops/layer_norm.h"
#include "module.h"

namespace ad::nn {

/// torch.nn.LayerNorm over the columns: weight 1 and bias 0 at first.
template <class T>
struct LayerNorm {
  Parameter<T> weight;  ///< [1, cols], the scale
  Parameter<T> bias;    ///< [1, cols], the shift
  double eps = 1e-5;    ///< added to the variance

  LayerNorm() = default;
  /// Of rows of `cols` numbers.
  explicit LayerNorm(Index cols, double epsilon = 1e-5)
      : weight(Tensor<T>(1, cols)), bias(Tensor<T>(1, cols)), eps(epsilon) {
    weight.value.fill(T(1));
  }

  /// ad::layer_norm: [rows, cols] -> [rows, cols]
  Var<T> operator()(Var<T> x) const {
    Tape<T>& tape = tape_of("layer_norm", {x});
    return layer_norm(x, tape.parameter(weight), tape.parameter(bias), eps);
  }
  /// The same of swish(x), in one pass.
  Var<T> of_swish(Var<T> x) const {
    Tape<T>& tape = tape_of("swish_layer_norm", {x});
    return swish_layer_norm(x, tape.parameter(weight), tape.parameter(bias), eps);
  }
  /// The same of swish(x + skip).
  Var<T> of_swish(Var<T> x, Var<T> skip) const {
    Tape<T>& tape = tape_of("swish_layer_norm", {x});
    return swish_layer_norm(x, skip, tape.parameter(weight), tape.parameter(bias), eps);
  }

  /// Names the parameters (nn/module.h).
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("weight", self.weight, Layout::vector);
    f("bias", self.bias, Layout::vector);
  }
};

}  // namespace ad::nn
