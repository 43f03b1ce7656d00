// The Adam optimiser.
#pragma once

#include <cstdint>
#include <vector>

#include "../autodiff/kernels/kernels.h"
#include "../autodiff/parallel.h"
#include "../autodiff/tape.h"
#include "module.h"

namespace ad::nn {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  ///< L2, added to the gradient
};

/// Adam (Kingma & Ba 2015) in PyTorch's form, for every row of every parameter that the tape reached, also those of a
/// row-sparse gradient that it left out. Moments belong to parameters by address: keep the model where it is. Different
/// options for different parts: one Adam each, stepped with its part.
template <class T>
class Adam {
 public:
  struct Moments {
    const Parameter<T>* parameter;
    Tensor<T> m, v;
    std::int64_t steps = 0;
  };

  explicit Adam(AdamOptions options = {}) : options_(options) {}

  /// One update of every parameter of `module` (a module or a Parameter) that has a gradient on `tape`; the others, and
  /// their moments, stay as they are. Throws Error and moves nothing further if a gradient's shape does not fit.
  template <class Module>
  void step(Module& module, Tape<T>& tape) {
    std::size_t expected = 0;
    for_each_parameter_unnamed(module, [&](Parameter<T>& p) {
      if (const Gradient<T> g = tape.gradient(p)) update(p, g, moments(p, expected));
    });
  }

  AdamOptions& options() { return options_; }
  /// What a checkpoint needs: the moments of each parameter met so far, in that order.
  const std::vector<Moments>& moments() const { return moments_; }

 private:
  Moments& moments(const Parameter<T>& p, std::size_t& expected) {
    for (std::size_t tried = 0; tried < moments_.size(); ++tried, ++expected) {
      if (expected == moments_.size()) expected = 0;
      if (moments_[expected].parameter == &p) return moments_[expected++];
    }
    expected = moments_.size() + 1;
    return moments_.emplace_back(
        Moments{&p, Tensor<T>(p.value.rows(), p.value.cols()), Tensor<T>(p.value.rows(), p.value.cols())});
  }

  void update(Parameter<T>& p, const Gradient<T>& g, Moments& s) const {
    const Index rows = p.value.rows(), cols = p.value.cols();
    const bool fits = g.values.cols == cols && (g.row_sparse ? g.values.rows <= rows : g.values.rows == rows);
    if (s.m.rows() != rows || s.m.cols() != cols || !fits) {
      throw ShapeError("Adam: parameter " + shape_string(rows, cols) + ", moments " +
                       shape_string(s.m.rows(), s.m.cols()) + ", gradient " + shape_string(g.values) +
                       ": a parameter changed its shape");
    }
    ++s.steps;
    const auto t = static_cast<double>(s.steps);
    const kernels::AdamStep step{options_.learning_rate / (1 - std::pow(options_.beta1, t)),
                                 1 / std::sqrt(1 - std::pow(options_.beta2, t)),
                                 options_.beta1,
                                 options_.beta2,
                                 options_.epsilon,
                                 options_.weight_decay};
    if (!g.row_sparse) {
      parallel_chunks(p.value.size(), kChunk, [&](Index begin, Index end) {
        kernels::loops<T>().adam(step, g.values.data + begin, p.value.data() + begin, s.m.data() + begin,
                                 s.v.data() + begin, end - begin);
      });
      return;
    }
    parallel_chunks(rows, std::max<Index>(1, kChunk / std::max<Index>(1, cols)), [&](Index begin, Index end) {
      auto next = std::lower_bound(g.rows.begin(), g.rows.end(), begin);
      for (Index i = begin; i < end; ++i) {
        const bool touched = next != g.rows.end() && *next == i;
        const T* gradient = touched ? g.values.row(next - g.rows.begin()) : nullptr;
        kernels::loops<T>().adam(step, gradient, p.value.data() + i * cols, s.m.data() + i * cols,
                                 s.v.data() + i * cols, cols);
        if (touched) ++next;
      }
    });
  }

  AdamOptions options_;
  std::vector<Moments> moments_;
};

}  // namespace ad::nn
