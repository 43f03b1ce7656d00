// A module, and its optimiser, as one safetensors file.
#pragma once

#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "safetensors.h"

namespace ad::nn {
namespace detail {

/// What goes into a file: matrices of float or of double.
struct Tensors {
  std::vector<NamedTensor<float>> floats;
  std::vector<NamedTensor<double>> doubles;

  template <class T>
  auto& of() {
    if constexpr (std::is_same_v<T, float>) return floats;
    if constexpr (std::is_same_v<T, double>) return doubles;
  }
  template <class Module>
  void add(const Module& module) {
    for_each_parameter(module, [&]<class T>(const std::string& name, const Parameter<T>& p, Layout layout) {
      of<T>().push_back({name, p.value.view(), layout});
    });
  }
  void write(const std::string& path, const Metadata& metadata) const {
    if (!floats.empty() && !doubles.empty()) throw Error(path + ": a module of float and of double is not written");
    if (doubles.empty()) {
      write_safetensors(path, floats, metadata);
    } else {
      write_safetensors(path, doubles, metadata);
    }
  }
};

inline std::string state_name(const std::string& path, const char* which) { return "optimizer." + path + "." + which; }

}  // namespace detail

/// Writes every parameter of `module` under its path, with PyTorch's shapes: a state dict. See write_safetensors() for
/// what it promises and throws. A module's parameters are all float or all double.
template <class Module>
void save(const std::string& path, const Module& module, const Metadata& metadata = {}) {
  detail::Tensors tensors;
  tensors.add(module);
  tensors.write(path, metadata);
}

/// Fills every parameter of `module` from such a file. All names must be there, and shapes fit, or Error; then some
/// parameters may be filled. They stay who they are; what else the file holds is left alone.
template <class Module>
void load(const std::string& path, Module& module) {
  SafetensorsReader reader(path);
  read_parameters(reader, module, "");
}

/// The same with the optimiser's state, by the paths of the module: "optimizer.fc1.weight.m" (kStateNames) as memory
/// holds it, and the counts of steps, in the module's order, "optimizer.steps". Training goes on from it to the bit.
template <class Module, class Optimizer>
requires requires { Optimizer::kStateNames; }
void save(const std::string& path, const Module& module, Optimizer& optimizer, const Metadata& metadata = {}) {
  detail::Tensors tensors;
  std::vector<std::int64_t> steps;
  tensors.add(module);
  optimizer.for_each_state(module, [&](const std::string& name, auto... rest) {
    std::size_t k = 0;
    const auto add = [&]<class V>(V value) {
      if constexpr (std::is_integral_v<V>) {
        steps.push_back(value);
      } else {
        tensors.of<std::remove_reference_t<decltype(*value.data)>>().push_back(
            {detail::state_name(name, Optimizer::kStateNames[k++]), value});
      }
    };
    (add(rest), ...);
  });
  const auto add_steps = [&](auto& list) {
    list.push_back({.name = "optimizer.steps", .value = {}, .long_integers = std::span<const std::int64_t>(steps)});
  };
  tensors.doubles.empty() ? add_steps(tensors.floats) : add_steps(tensors.doubles);
  tensors.write(path, metadata);
}
/// Fills the module, and the state of its optimiser, from such a file; errors as those of load() without one.
template <class Module, class Optimizer>
requires requires { Optimizer::kStateNames; }
void load(const std::string& path, Module& module, Optimizer& optimizer) {
  SafetensorsReader reader(path);
  read_parameters(reader, module, "");
  const std::vector<std::int64_t> steps = reader.read_integers("optimizer.steps");
  std::size_t at = 0;
  optimizer.for_each_state(module, [&](const std::string& name, auto&&... rest) {
    std::size_t k = 0;
    const auto fill = [&]<class V>(V& state) {
      if constexpr (std::is_integral_v<V>) {
        if (at == steps.size()) throw Error(path + ": optimizer.steps is shorter than the module's parameters");
        state = steps[at++];
      } else {
        using T = std::remove_reference_t<decltype(*state.data)>;
        const Tensor<T> value = reader.read<T>(detail::state_name(name, Optimizer::kStateNames[k++]));
        if (value.rows() != state.rows || value.cols() != state.cols) {
          throw ShapeError(path + ": the optimiser's state of " + name + " is " + shape_string(value.view()) +
                           ", expected " + shape_string(state));
        }
        std::copy_n(value.data(), value.size(), state.data);
      }
    };
    (fill(rest), ...);
  });
}

}  // namespace ad::nn
