// Checks the gradients of a whole model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../autodiff/inspect/gradcheck.h"
#include "module.h"

namespace ad::nn {
namespace detail {

/// What is wrong if the recording uses trainable parameters that `module` does not name, or none that it does.
template <class Module>
std::string not_visited(const Module& module, const Tape<double>& tape) {
  bool any = false;
  for (std::size_t id = 0; id < tape.size(); ++id) {
    const Tape<double>::NodeView n = tape.node(id);
    if (!n.wants_grad || std::string_view(n.op) != "parameter" || n.value.size() == 0) continue;
    bool named = false;
    for_each_parameter_unnamed(module, [&](const auto& p) { named |= p.value.data() == n.value.data; });
    if (!named) return "the loss uses a trainable parameter " + shape_string(n.value) + " that visit does not name";
    any = true;
  }
  return any ? "" : "the loss uses no trainable parameter of the module";
}

}  // namespace detail

/// Compares the gradient of `loss(tape)` [1, 1] with central differences, for every element of every trainable
/// parameter of `module`, whose values are moved and put back. The message names the parameter by its path. Not ok
/// either if the loss uses a trainable parameter that the module does not visit, or none that it does. As with
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
  result.message = detail::not_visited(module, tape);
  result.ok = result.message.empty();
  std::size_t k = 0;
  for_each_parameter(module, [&](const std::string& path, Parameter<double>& p) {
    const Tensor<double>& a = analytic[k++];
    for (Index i = 0; p.trainable && i < p.value.size(); ++i) {
      result.compare(path, i, a.data()[i], ad::detail::central_difference(p.value.data()[i], options.step, evaluate),
                     options);
    }
  });
  return result;
}

}  // namespace ad::nn
