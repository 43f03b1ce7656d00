// Stochastic gradient descent.
#pragma once

#include <limits>
#include <string>

#include "../../autodiff/kernels/level.h"
#include "optimizer.h"

namespace ad::nn {

/// torch.optim.SGD's: lr, momentum, nesterov, weight_decay.
struct SgdOptions {
  double learning_rate = 1e-2;  ///< from 0 on
  double momentum = 0;          ///< in [0, 1)
  bool nesterov = false;        ///< look ahead?
  double weight_decay = 0;      ///< L2, added to the gradient
};

/// torch.optim.SGD: g <- g + weight_decay p; b <- momentum b + g; p <- p - learning_rate b, with Nesterov's momentum
/// p - learning_rate (g + momentum b). Rows that a row-sparse gradient leaves out count as zeros. While the momentum is
/// 0, b stays as it is.
template <class T>
class Sgd : public Optimizer<T, 1> {
 public:
  static constexpr std::array<const char*, 1> kStateNames = {"momentum"};  ///< in files

  /// Throws Error for options outside their ranges, as does each step.
  explicit Sgd(SgdOptions options = {}) : Optimizer<T, 1>("Sgd"), options_(options) { check_options(); }

  /// As Adam's.
  template <class Module, class Gradients>
  void step(Module& module, Gradients& gradients) {
    check_options();
    const T rate = static_cast<T>(options_.learning_rate), momentum = static_cast<T>(options_.momentum);
    const T decay = static_cast<T>(options_.weight_decay);
    const bool nesterov = options_.nesterov;
    this->update(module, gradients, [=](std::int64_t) {
      return [=](const T* g, T* p, std::array<T*, 1> buffer, Index n) {
        if (!g && momentum == 0 && decay == 0) return;
        const kernels::FlushDenormals flush;  // buffers of idle rows decay into them
        T* b = buffer[0];
        for (Index i = 0; i < n; ++i) {
          const T gradient = (g ? g[i] : T(0)) + decay * p[i];
          if (momentum == 0) {
            p[i] -= rate * gradient;
            continue;
          }
          b[i] = momentum * b[i] + gradient;
          p[i] -= rate * (nesterov ? gradient + momentum * b[i] : b[i]);
        }
      };
    });
  }

  SgdOptions& options() { return options_; }  ///< May be set between steps.

 private:
  void check_options() const {
    const SgdOptions& o = options_;
    if (!(o.learning_rate >= 0 && o.learning_rate <= std::numeric_limits<T>::max() && o.momentum >= 0 &&
          o.momentum < 1 && o.weight_decay >= 0 && o.weight_decay <= std::numeric_limits<T>::max())) {
      throw Error("Sgd: learning_rate " + std::to_string(o.learning_rate) + ", momentum " + std::to_string(o.momentum) +
                  ", weight_decay " + std::to_string(o.weight_decay) +
                  ": expected finite numbers from 0 on, a momentum below 1");
    }
  }

  SgdOptions options_;
};

}  // namespace ad::nn
