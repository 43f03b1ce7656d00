// The Adam optimiser.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "../autodiff/kernels/loops.h"
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
/// row-sparse gradient that it left out. Moments belong to parameters by identity, wherever the model moves to; a new
/// model begins anew. Different options for different parts: one Adam each, stepped with its part.
template <class T>
class Adam {
 public:
  explicit Adam(AdamOptions options = {}) : options_(options) { check_options(); }

  /// One update of every parameter of `module` (a module or a Parameter) that has a gradient on `tape`, one update also
  /// of a tied one; the others, and their moments, stay as they are. Throws Error without a finished backward(), and
  /// moves nothing further if a gradient's shape does not fit.
  template <class Module>
  void step(Module& module, Tape<T>& tape) {
    tape.require_gradients("Adam");
    check_options();
    std::size_t expected = 0;
    for_each_distinct_parameter(module, [&](Parameter<T>& p) {
      if (const Gradient<T> g = tape.gradient(p)) update(p, g, moments(p, expected));
    });
  }

  AdamOptions& options() { return options_; }

  /// What a checkpoint needs: calls f(path, m, v, steps) for each parameter of `module`, with its moments (zeros and 0
  /// steps before its first one), which f may read or set; a tied one comes under each of its names.
  template <class Module, class F>
  void for_each_state(const Module& module, F&& f, const std::string& prefix = "") {
    std::size_t expected = 0;
    for_each_parameter(
        module,
        [&](const std::string& path, const Parameter<T>& p) {
          Moments& s = moments(p, expected);
          f(path, s.m.view(), s.v.view(), s.steps);
        },
        prefix);
  }

 private:
  struct Moments {
    std::weak_ptr<const char> parameter;  // keeps the token's address from being anyone else's
    const char* token;
    Tensor<T> m, v;
    std::int64_t steps = 0;
  };

  void check_options() const {
    const AdamOptions& o = options_;
    if (!(o.learning_rate >= 0 && o.learning_rate <= std::numeric_limits<T>::max() && o.beta1 >= 0 && o.beta1 < 1 &&
          o.beta2 >= 0 && o.beta2 < 1 && o.epsilon >= 0 && o.weight_decay >= 0)) {
      throw Error("Adam: learning_rate " + std::to_string(o.learning_rate) + ", beta1 " + std::to_string(o.beta1) +
                  ", beta2 " + std::to_string(o.beta2) + ", epsilon " + std::to_string(o.epsilon) + ", weight_decay " +
                  std::to_string(o.weight_decay) + ": expected finite numbers from 0 on, betas below 1");
    }
  }

  // Parameters come in the order of the step before: the one after the last is tried first.
  Moments& moments(const Parameter<T>& p, std::size_t& expected) {
    const std::shared_ptr<const char>& token = p.identity.token();
    for (std::size_t tried = 0; tried < moments_.size(); ++tried, ++expected) {
      if (expected >= moments_.size()) expected = 0;
      if (moments_[expected].token == token.get()) return moments_[expected++];
    }
    std::erase_if(moments_, [](const Moments& s) { return s.parameter.expired(); });
    expected = moments_.size() + 1;
    const Index rows = p.value.rows(), cols = p.value.cols();
    return moments_.emplace_back(Moments{token, token.get(), Tensor<T>(rows, cols), Tensor<T>(rows, cols)});
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
