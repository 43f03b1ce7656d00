// What all optimisers share: a state for each parameter, and the walk over the gradients.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>

#include "../../autodiff/kernels/loops.h"
#include "../../autodiff/parallel.h"
#include "../../autodiff/tape.h"
#include "../module.h"
#include "per_parameter.h"
#include "shapes.h"

namespace ad::nn {

/// Of each parameter N matrices of its shape, zeros at first, and a number of steps. They belong to parameters by
/// identity, wherever a model moves to; a new model begins anew. An optimiser derives from it, says in
/// kStateNames what the matrices are, and gives update() the rule of one piece.
template <class T, std::size_t N>
class Optimizer {
 public:
  const char* name() const { return name_; }  ///< as errors and files call it

  /// What a checkpoint needs: calls f(path, matrices..., steps) for each parameter of `module`, in its order, with its
  /// state (0 steps before its first one), which f may read or set; a tied one comes under each of its names.
  template <class Module, class F>
  void for_each_state(const Module& module, F&& f, const std::string& prefix = "") {
    for_each_parameter(
        module,
        [&](const std::string& path, const Parameter<T>& p) {
          State& s = states_[p];
          std::apply([&](auto&... matrices) { f(path, matrices.view()..., s.steps); }, s.matrices);
        },
        prefix);
  }

 protected:
  explicit Optimizer(const char* name) : name_(name) {}  ///< a literal

  /// Calls rule(steps), which gives piece(g, p, matrices, n), for every parameter of `module` that `gradients` (a Tape
  /// or a GradientSum) has a gradient for; a tied one once. piece() moves n elements from p on, g being their gradient,
  /// or null for zeros: the rows that a row-sparse one leaves out. Throws Error without a finished backward(), and
  /// moves nothing further if a gradient's shape does not fit.
  template <class Module, class Gradients, class Rule>
  void update(Module& module, Gradients& gradients, const Rule& rule) {
    gradients.require_gradients(name_);
    for_each_distinct_parameter(module, [&](Parameter<T>& p) {
      const Gradient<T> g = gradients.gradient(p);
      if (!g) return;
      const State* const known = states_.find(p);
      detail::check_shapes(name_, p, g, known ? &known->matrices[0] : nullptr);
      State& s = states_[p];
      run(rule(++s.steps), p, g, s);
    });
  }

 private:
  struct State {
    explicit State(const Parameter<T>& p) {
      for (Tensor<T>& m : matrices) m = Tensor<T>(p.value.rows(), p.value.cols());
    }
    std::array<Tensor<T>, N> matrices;
    std::int64_t steps = 0;
  };

  template <class Piece>
  static void run(const Piece& piece, Parameter<T>& p, const Gradient<T>& g, State& s) {
    const Index rows = p.value.rows(), cols = p.value.cols();
    const auto from = [&](Index begin) {
      std::array<T*, N> at;
      for (std::size_t k = 0; k < N; ++k) at[k] = s.matrices[k].data() + begin;
      return at;
    };
    if (!g.row_sparse) {
      parallel_chunks(p.value.size(), kChunk, [&](Index begin, Index end) {
        piece(g.values.data + begin, p.value.data() + begin, from(begin), end - begin);
      });
      return;
    }
    parallel_chunks(rows, std::max<Index>(1, kChunk / std::max<Index>(1, cols)), [&](Index begin, Index end) {
      auto next = std::lower_bound(g.rows.begin(), g.rows.end(), begin);
      for (Index i = begin; i < end; ++i) {
        const bool touched = next != g.rows.end() && *next == i;
        piece(touched ? g.values.row(next - g.rows.begin()) : nullptr, p.value.data() + i * cols, from(i * cols), cols);
        if (touched) ++next;
      }
    });
  }

  const char* name_;
  detail::PerParameter<T, State> states_;
};

}  // namespace ad::nn
