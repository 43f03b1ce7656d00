// Modules are plain values with one static `visit` that names their members:
//
//   struct Block {
//     Linear<float> fc1; LayerNorm<float> ln1;
//     template <class Self, class F> static void visit(Self& self, F&& f) { f("fc1", self.fc1); f("ln1", self.ln1); }
//   };
//
// A member is a parameter, a module, a std::optional of one, or a std::vector or std::array of them
// ("layers.0.weight"). Names, counting, freezing, copying, saving and loading all come from it; f("weight",
// self.weight, Layout::transposed) says how files hold a parameter where that is not [rows, cols]. Forward is const and
// keeps no state.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>

#include "../autodiff/parameter.h"
#include "layout.h"

namespace ad::nn {

/// Is M a Parameter, and not a module of them?
template <class M>
inline constexpr bool is_parameter = false;
/// It is.
template <class T>
inline constexpr bool is_parameter<Parameter<T>> = true;

namespace detail {

template <class M>
concept Optional = requires(M& m) {
  m.has_value();
  *m;
};
template <class M>
concept Sequence = requires(M& m) {
  m.begin();
  m.size();
};

/// Calls f(name, member, layout) for each member of a module, or of a sequence of one layout, whose names are 0, 1, ...
template <class Module, class F>
void for_each_member(Module& module, F&& f, Layout layout = Layout::matrix) {
  if constexpr (Sequence<Module>) {
    std::size_t k = 0;
    for (auto& member : module) f(k++, member, layout);
  } else {
    std::remove_const_t<Module>::visit(
        module, [&](const char* name, auto& member, Layout l = Layout::matrix) { f(name, member, l); });
  }
}

inline std::string member_name(const char* name) { return name; }
inline std::string member_name(std::size_t k) { return std::to_string(k); }

}  // namespace detail

/// Calls f(path, parameter), or f(path, parameter, layout), for every parameter of a module (or for a lone parameter),
/// in the order of `visit`. Paths are PyTorch's: "encoder.fc1.weight".
template <class Module, class F>
void for_each_parameter(Module& module, F&& f, const std::string& prefix = "", Layout layout = Layout::matrix) {
  if constexpr (detail::Optional<Module>) {
    if (module.has_value()) for_each_parameter(*module, f, prefix, layout);
  } else if constexpr (!is_parameter<std::remove_const_t<Module>>) {
    const auto visit = [&](auto name, auto& member, Layout l) {
      const std::string own = detail::member_name(name);
      for_each_parameter(member, f, prefix.empty() ? own : prefix + "." + own, l);
    };
    detail::for_each_member(module, visit, layout);
  } else if constexpr (std::is_invocable_v<F&, const std::string&, Module&, Layout>) {
    f(prefix, module, layout);
  } else {
    f(prefix, module);
  }
}

/// Calls f(parameter) alike, without building names: nothing is allocated.
template <class Module, class F>
void for_each_parameter_unnamed(Module& module, F&& f) {
  if constexpr (detail::Optional<Module>) {
    if (module.has_value()) for_each_parameter_unnamed(*module, f);
  } else if constexpr (is_parameter<std::remove_const_t<Module>>) {
    f(module);
  } else {
    detail::for_each_member(module, [&](auto, auto& member, Layout) { for_each_parameter_unnamed(member, f); });
  }
}

/// The same, but a parameter that is visited under several names (a tied one) comes once. Nothing is kept of whom it
/// met: it looks at all that came before, which is cheap for as many matrices as models have.
template <class Module, class F>
void for_each_distinct_parameter(Module& module, F&& f) {
  std::size_t at = 0;
  for_each_parameter_unnamed(module, [&](auto& p) {
    std::size_t before = 0;
    bool met = false;
    for_each_parameter_unnamed(module, [&](const auto& other) {
      met |= before++ < at && static_cast<const void*>(&other) == static_cast<const void*>(&p);
    });
    ++at;
    if (!met) f(p);
  });
}

/// Number of elements of all parameters; tied ones count once.
template <class Module>
Index parameter_count(const Module& module) {
  Index n = 0;
  for_each_distinct_parameter(module, [&](const auto& p) { n += p.value.size(); });
  return n;
}

/// Freezes (false) or frees every parameter.
template <class Module>
void set_trainable(Module& module, bool trainable) {
  for_each_parameter_unnamed(module, [&](auto& p) { p.trainable = trainable; });
}

}  // namespace ad::nn
