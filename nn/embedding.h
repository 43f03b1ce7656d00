// A table of learned vectors.
#pragma once

#include "../autodiff/ops/rows.h"
#include "init.h"
#include "module.h"

namespace ad::nn {

/// torch.nn.Embedding: weight [count, size], N(0, 1) at first. Its gradient holds the rows that occur, no others.
template <class T>
struct Embedding {
  Parameter<T> weight;  ///< [count, size]

  Embedding() = default;
  /// Fresh rows from N(0, deviation^2). Tables made of one Seed object differ; those made of equal numbers do not.
  Embedding(Index count, Index size, Seed& seed, double deviation = 1) : weight(Tensor<T>(count, size)) {
    fill_normal(weight.value.view(), deviation, seed.next()[0]);
  }
  /// The same from a number: `Embedding<float>(10, 4, 42)`.
  Embedding(Index count, Index size, Seed&& seed, double deviation = 1) : Embedding(count, size, seed, deviation) {}

  /// Row ids[i] as row i: [n, size].
  Var<T> operator()(Tape<T>& tape, std::span<const std::int32_t> ids) const {
    return gather_rows(tape.parameter(weight), ids);
  }

  /// Names the parameters (nn/module.h).
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("weight", self.weight);
  }
};

}  // namespace ad::nn
