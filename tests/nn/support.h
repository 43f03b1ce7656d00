// A model of an embedding and a layer, and its training.
#pragma once

#include "../support/check_op.h"

#include "nn/nn.h"

namespace test {

struct Model {
  ad::nn::Embedding<double> table{20, 3, 1};
  ad::nn::Linear<double> out{3, 2, 2};
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("table", self.table);
    f("out", self.out);
  }
  ad::Var<double> loss(ad::Tape<double>& tape, const std::vector<std::int32_t>& ids) const {
    return ad::mean(ad::square(out(table(tape, ids)) - 1));
  }
};

inline ad::Tensor<double> all(const Model& m) {
  ad::Tensor<double> values(1, ad::nn::parameter_count(m));
  ad::Index at = 0;
  ad::nn::for_each_parameter_unnamed(m, [&](const auto& p) {
    std::copy_n(p.value.data(), p.value.size(), values.data() + at);
    at += p.value.size();
  });
  return values;
}

inline std::vector<std::int32_t> ids_of(int step) { return {step % 20, (step * 7) % 20, 3}; }

template <class Optimizer>
void train(Model& model, Optimizer& optimizer, int from, int to) {
  ad::Tape<double> tape;
  for (int step = from; step < to; ++step) {
    tape.backward(model.loss(tape, ids_of(step)));
    optimizer.step(model, tape);
    tape.reset();
  }
}

}  // namespace test
