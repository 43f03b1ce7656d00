// Adam, and Adam with decoupled weight decay.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "optimizer.h"

namespace ad::nn {

/// torch.optim.Adam's, with its defaults: lr, betas, eps, weight_decay.
struct AdamOptions {
  double learning_rate = 1e-3;  ///< from 0 on
  double beta1 = 0.9;           ///< of the mean of gradients, in [0, 1)
  double beta2 = 0.999;         ///< of the mean of their squares, in [0, 1)
  double epsilon = 1e-8;        ///< added to the root of the latter
  double weight_decay = 0;      ///< L2, added to the gradient
};

/// torch.optim.AdamW's, with its defaults.
struct AdamWOptions {
  double learning_rate = 1e-3;  ///< as AdamOptions'
  double beta1 = 0.9;           ///< as AdamOptions'
  double beta2 = 0.999;         ///< as AdamOptions'
  double epsilon = 1e-8;        ///< as AdamOptions'
  double weight_decay = 0.01;   ///< times the rate, taken from the weight
};

namespace detail {

template <class Options>
void check(const char* name, const Options& o, double most) {
  if (!(o.learning_rate >= 0 && o.learning_rate <= most && o.beta1 >= 0 && o.beta1 < 1 && o.beta2 >= 0 && o.beta2 < 1 &&
        o.epsilon >= 0 && o.epsilon <= most && o.weight_decay >= 0 && o.weight_decay <= most)) {
    throw Error(std::string(name) + ": learning_rate " + std::to_string(o.learning_rate) + ", beta1 " +
                std::to_string(o.beta1) + ", beta2 " + std::to_string(o.beta2) + ", epsilon " +
                std::to_string(o.epsilon) + ", weight_decay " + std::to_string(o.weight_decay) +
                ": expected finite numbers from 0 on, betas below 1");
  }
}

/// Adam's step with either kind of weight decay.
template <class T, class Options>
class AdamRule : public Optimizer<T, 2> {
  static constexpr bool kDecoupled = std::is_same_v<Options, AdamWOptions>;

 public:
  static constexpr std::array<const char*, 2> kStateNames = {"m", "v"};  ///< in files

  /// Throws Error for options outside their ranges, as does each step.
  explicit AdamRule(Options options) : Optimizer<T, 2>(kDecoupled ? "AdamW" : "Adam"), options_(options) {
    check_options();
  }

  /// One update of every parameter of `module` (a module or a Parameter) that `gradients` (a tape or a GradientSum) has
  /// a gradient for, one also of a tied one; the others, and their moments, stay as they are. Throws Error without a
  /// finished backward(), and moves nothing further if a gradient's shape does not fit.
  template <class Module, class Gradients>
  void step(Module& module, Gradients& gradients) {
    check_options();
    const Options& o = options_;
    this->update(module, gradients, [&o](std::int64_t steps) {
      const auto t = static_cast<double>(steps);
      const kernels::AdamStep step{.step_size = o.learning_rate / (1 - std::pow(o.beta1, t)),
                                   .root_scale = 1 / std::sqrt(1 - std::pow(o.beta2, t)),
                                   .beta1 = o.beta1,
                                   .beta2 = o.beta2,
                                   .epsilon = o.epsilon,
                                   .weight_decay = kDecoupled ? 0 : o.weight_decay,
                                   .keep = kDecoupled ? 1 - o.learning_rate * o.weight_decay : 1};
      return [step](const T* g, T* p, std::array<T*, 2> moments, Index n) {
        kernels::loops<T>().adam(step, g, p, moments[0], moments[1], n);
      };
    });
  }

  Options& options() { return options_; }  ///< May be set between steps.

 private:
  void check_options() const { check(this->name(), options_, std::numeric_limits<T>::max()); }

  Options options_;
};

}  // namespace detail

/// Adam (Kingma & Ba 2015) in PyTorch's form, for every row of every parameter that the tape reached, also those of a
/// row-sparse gradient that it left out. Different options for different parts: one Adam each, stepped with its part.
template <class T>
class Adam : public detail::AdamRule<T, AdamOptions> {
 public:
  /// Throws Error for options outside their ranges, as does each step.
  explicit Adam(AdamOptions options = {}) : detail::AdamRule<T, AdamOptions>(options) {}
};

/// The same with decoupled weight decay (Loshchilov & Hutter 2019): p <- (1 - learning_rate weight_decay) p before the
/// step, as torch.optim.AdamW.
template <class T>
class AdamW : public detail::AdamRule<T, AdamWOptions> {
 public:
  /// Throws Error for options outside their ranges, as does each step.
  explicit AdamW(AdamWOptions options = {}) : detail::AdamRule<T, AdamWOptions>(options) {}
};

}  // namespace ad::nn
