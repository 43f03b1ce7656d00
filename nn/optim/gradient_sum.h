// Gradients of several recordings together: of a large batch in pieces, or of tapes on several threads.
#pragma once

#include <string>

#include "../../autodiff/tape.h"
#include "../module.h"
#include "per_parameter.h"
#include "shapes.h"

namespace ad::nn {

/// Sums of gradients, which optimisers and clip_grad_norm() take in place of a tape:
///
///   for (piece of the batch) { tape.backward(...); sum.add(model, tape, 1.0 / pieces); tape.reset(); }
///   adam.step(model, sum);
///   sum.reset();
///
/// Sums are dense, a matrix for each parameter, which is kept. Not for several threads at once.
template <class T>
class GradientSum {
 public:
  /// Adds weight times the gradients that `tape` has for `module`; a tied parameter's once. Throws Error without a
  /// finished backward(), ShapeError if a parameter changed its shape: then nothing was added.
  template <class Module>
  void add(const Module& module, Tape<T>& tape, double weight = 1) {
    tape.require_gradients("GradientSum");
    for_each_distinct_parameter(module, [&](const Parameter<T>& p) {
      const Sum* const known = sums_.find(p);
      detail::check_shapes("GradientSum", p, tape.gradient(p), known ? &known->value : nullptr);
    });
    const T w = static_cast<T>(weight);
    for_each_distinct_parameter(module, [&](const Parameter<T>& p) {
      const Gradient<T> g = tape.gradient(p);
      if (!g) return;
      Sum& s = sums_[p];
      s.reached = true;
      for (Index k = 0; k < g.values.rows; ++k) {
        const T* from = g.values.row(k);
        T* to = s.value.view().row(g.row_sparse ? g.rows[static_cast<std::size_t>(k)] : k);
        for (Index j = 0; j < g.values.cols; ++j) to[j] += w * from[j];
      }
    });
    any_ = true;
  }
  /// Begins anew; memory is kept.
  void reset() {
    sums_.drop_gone();
    sums_.for_each([](Sum& s) {
      s.value.fill(T(0));
      s.reached = false;
    });
    any_ = false;
  }

  /// The sum for `p`; empty where no gradient was added.
  Gradient<T> gradient(const Parameter<T>& p) {
    Sum* const s = sums_.find(p);
    if (!s || !s->reached) return {};
    return {{{s->value.data(), s->value.rows(), s->value.cols()}}, {}, false};
  }
  /// Throws Error("who: ...") unless something was added.
  void require_gradients(const char* who) const {
    if (!any_) throw Error(std::string(who) + ": there are no gradients in this sum: call add() first");
  }

 private:
  struct Sum {
    explicit Sum(const Parameter<T>& p) : value(p.value.rows(), p.value.cols()) {}
    Tensor<T> value;
    bool reached = false;
  };

  detail::PerParameter<T, Sum> sums_;
  bool any_ = false;
};

}  // namespace ad::nn
