// Affine layers.
#pragma once

#include "../autodiff/ops/matmul.h"
#include "../autodiff/ops/sparse_linear.h"
#include "init.h"
#include "module.h"

namespace ad::nn {

/// Is a layer's bias learned, or is there none?
enum class Bias {
  yes,  ///< learned
  no,   ///< none
};

/// x weight^T + bias, weight [out, in], bias [1, out], or [0, 0] where there is none: torch.nn.Linear.
template <class T>
struct Linear {
  Parameter<T> weight;  ///< [out, in]
  Parameter<T> bias;    ///< [1, out], or [0, 0]: none

  Linear() = default;
  /// Fresh weights. Layers made of one Seed object differ; those made of equal numbers do not.
  Linear(Index in, Index out, Seed& seed, Init init = Init::torch, Bias with = Bias::yes)
      : weight(Tensor<T>(out, in)), bias(with == Bias::yes ? Tensor<T>(1, out) : Tensor<T>()) {
    init_linear(weight.value.view(), bias.value.view(), in, out, init, seed);
  }
  /// The same from a number: `Linear<float>(3, 1, 42)`.
  Linear(Index in, Index out, Seed&& seed, Init init = Init::torch, Bias with = Bias::yes)
      : Linear(in, out, seed, init, with) {}

  /// [batch, in] -> [batch, out]
  Var<T> operator()(Var<T> x) const {
    Tape<T>& tape = tape_of("linear", {x});
    if (!has_bias()) return linear(x, tape.parameter(weight));
    return linear(x, tape.parameter(weight), tape.parameter(bias));
  }
  bool has_bias() const { return bias.value.rows() > 0; }  ///< is there one?

  /// Names the parameters (nn/module.h).
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("weight", self.weight);
    if (self.has_bias()) f("bias", self.bias, Layout::vector);
  }
};

/// The same on sparse rows. The weight is kept [in, out] in memory, a row per input, and [out, in] in files.
template <class T>
struct SparseLinear {
  Parameter<T> weight;  ///< [in, out]
  Parameter<T> bias;    ///< [1, out]

  SparseLinear() = default;
  /// Fresh weights, as Linear's.
  SparseLinear(Index in, Index out, Seed& seed, Init init = Init::torch)
      : weight(Tensor<T>(in, out)), bias(Tensor<T>(1, out)) {
    init_linear(weight.value.view(), bias.value.view(), in, out, init, seed);
  }
  /// The same from a number.
  SparseLinear(Index in, Index out, Seed&& seed, Init init = Init::torch) : SparseLinear(in, out, seed, init) {}

  /// sparse [batch, in] -> [batch, out]
  Var<T> operator()(Tape<T>& tape, const CsrView<T>& x) const {
    return sparse_linear(x, tape.parameter(weight), tape.parameter(bias));
  }

  /// Names the parameters (nn/module.h).
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("weight", self.weight, Layout::transposed);
    f("bias", self.bias, Layout::vector);
  }
};

}  // namespace ad::nn
