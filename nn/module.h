// Modules are plain values with one static `visit` that names their members:
//
//   struct Block {
//     Linear<float> fc1; LayerNorm<float> ln1;
//     template <class Self, class F> static void visit(Self& self, F&& f) { f("fc1", self.fc1); f("ln1", self.ln1); }
//   };
//
// Names, counting, freezing, copying, saving and loading all come from it. Forward is const and keeps no state.
#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "../autodiff/parameter.h"

namespace ad::nn {

template <class M>
inline constexpr bool is_parameter = false;
template <class T>
inline constexpr bool is_parameter<Parameter<T>> = true;

/// Calls f(path, parameter) for every parameter of a module (or for a lone parameter), in the order of `visit`. Paths
/// are PyTorch's: "encoder.fc1.weight".
template <class Module, class F>
void for_each_parameter(Module& module, F&& f, const std::string& prefix = "") {
  if constexpr (is_parameter<std::remove_const_t<Module>>) {
    f(prefix, module);
  } else {
    std::remove_const_t<Module>::visit(module, [&](const char* name, auto& member) {
      for_each_parameter(member, f, prefix.empty() ? std::string(name) : prefix + "." + name);
    });
  }
}

/// Calls f(parameter) alike, without building names: nothing is allocated.
template <class Module, class F>
void for_each_parameter_unnamed(Module& module, F&& f) {
  if constexpr (is_parameter<std::remove_const_t<Module>>) {
    f(module);
  } else {
    std::remove_const_t<Module>::visit(module,
                                       [&](const char*, auto& member) { for_each_parameter_unnamed(member, f); });
  }
}

/// Number of elements of all parameters.
template <class Module>
Index parameter_count(const Module& module) {
  Index n = 0;
  for_each_parameter_unnamed(module, [&](const auto& p) { n += p.value.size(); });
  return n;
}

/// Freezes (false) or frees every parameter.
template <class Module>
void set_trainable(Module& module, bool trainable) {
  for_each_parameter_unnamed(module, [&](auto& p) { p.trainable = trainable; });
}

}  // namespace ad::nn
