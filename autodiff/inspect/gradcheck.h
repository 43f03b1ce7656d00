// Checks a backward against central differences.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "../kernels/api.h"
#include "../tape.h"
#include "dense.h"

namespace ad {

/// How gradcheck() and nn::check_gradients() compare.
struct GradcheckOptions {
  double step = 1e-5;       ///< h = step * max(1, |x|)
  double tolerance = 1e-6;  ///< on |a - n| / max(1, |a|, |n|)
};

/// What gradcheck found. `ok` with an empty `message`, or the worst element.
struct RECVAE_API GradcheckResult {
  bool ok = true;       ///< are all within the tolerance?
  double worst = 0;     ///< largest |a - n| / max(1, |a|, |n|)
  double largest = 0;   ///< largest |a|: a check of zeros proves nothing
  std::string message;  ///< the worst element: what it is of, and both numbers

  /// Takes in one element's gradient a and central difference n; `of` says of what.
  void compare(const std::string& of, Index element, double a, double n, GradcheckOptions options);
};

namespace detail {
/// (f(x + h) - f(x - h)) / 2h, h = step * max(1, |x|). x is put back, also where f throws.
template <class F>
double central_difference(double& x, double step, const F& f) {
  const struct Restore {
    double& x;
    double before;
    ~Restore() { x = before; }
  } at{x, x};
  const double h = step * std::max(1.0, std::abs(x));
  x = at.before + h;
  const double up = f();
  x = at.before - h;
  return (up - f()) / (2 * h);
}
}  // namespace detail

/// A function of values on a tape; may return any shape.
using GradcheckFunction = std::function<Var<double>(Tape<double>&, std::span<const Var<double>>)>;

/// Compares the gradient a of sum(f(inputs) * r), r fixed and random in [0.5, 1.5], with the central difference n, for
/// every element of every input. f must be smooth at the inputs and draw the same randomness each time.
RECVAE_API GradcheckResult gradcheck(const GradcheckFunction& f, std::vector<Tensor<double>> inputs,
                                     GradcheckOptions options = {});

}  // namespace ad
