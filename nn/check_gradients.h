// Checks the gradients of a whole model.
#pragma once

#include <string>
#include <vector>

#include "../autodiff/inspect/gradcheck.h"
#include "module.h"

namespace ad::nn {

/// Compares the gradient of `loss(tape)` [1, 1] with central differences, for every element of every trainable
/// parameter of `module`, whose values are moved and put back. The message names the parameter by its path. As with
/// gradcheck(), the loss must be smooth there and draw the same randomness each time.
template <class Module, class Loss>
GradcheckResult check_gradients(Module& module, const Loss& loss, GradcheckOptions options = {}) {
  Tape<double> tape;
  std::vector<Tensor<double>> analytic;
  tape.backward(loss(tape));
  for_each_parameter(module, [&](const std::string&, const Parameter<double>& p) {
    analytic.push_back(dense(tape.gradient(p), p.value.rows(), p.value.cols()));
  });
  const auto evaluate = [&] {
    tape.reset();
    const auto no_grad = tape.no_grad();
    return loss(tape).item();
  };
  GradcheckResult result;
  std::size_t k = 0;
  for_each_parameter(module, [&](const std::string& path, Parameter<double>& p) {
    const Tensor<double>& a = analytic[k++];
    for (Index i = 0; p.trainable && i < p.value.size(); ++i) {
      double& x = p.value.data()[i];
      const double before = x, h = options.step * std::max(1.0, std::abs(x));
      x = before + h;
      const double up = evaluate();
      x = before - h;
      const double down = evaluate();
      x = before;
      result.compare(path, i, a.data()[i], (up - down) / (2 * h), options);
    }
  });
  return result;
}

}  // namespace ad::nn
