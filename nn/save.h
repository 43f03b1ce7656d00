// A module, and its optimiser, as one safetensors file.
#pragma once

#include <deque>
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
  void add(const std::string& name, std::span<const std::int64_t> numbers) {
    const auto to = [&](auto& list) { list.push_back({.name = name, .value = {}, .long_integers = numbers}); };
    doubles.empty() ? to(floats) : to(doubles);
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

inline constexpr const char* kOptimizer = "optimizer";  // in metadata, and what names begin with

/// Calls f(name in files, state) for all matrices of an optimiser's state, and for its numbers of steps.
template <class Module, class Optimizer, class F>
void for_each_optimizer_tensor(const Module& module, Optimizer& optimizer, const F& f) {
  optimizer.for_each_state(module, [&](const std::string& path, auto&&... states) {
    std::size_t k = 0;
    const auto call = [&]<class V>(V& state) {
      const char* which = "steps";
      if constexpr (!std::is_integral_v<V>) which = Optimizer::kStateNames[k++];
      f(std::string(kOptimizer) + "." + path + "." + which, state);
    };
    (call(states), ...);
  });
}

}  // namespace detail

/// Writes every parameter of `module` under its path, with PyTorch's shapes: a state dict. See write_safetensors() for
/// what it promises and throws. A module's parameters are all float or all double.
template <class Module>
void save(const std::string& path, const Module& module, const Metadata& metadata = {}) {
  detail::Tensors tensors;
  tensors.add(module);
  tensors.write(path, metadata);
}

/// Fills every parameter of `module` from such a file and returns its metadata. All names must be there, and shapes
/// fit: else Error, and nothing was changed (a read error comes later). Parameters stay who they are; what else the
/// file holds is left alone.
template <class Module>
Metadata load(const std::string& path, Module& module) {
  SafetensorsReader reader(path);
  read_parameters(reader, module, "");
  return reader.metadata();
}

/// The same with the optimiser's state, by the paths of the module: "optimizer.fc1.weight.m" (kStateNames) as memory
/// holds it, and "optimizer.fc1.weight.steps"; the metadata says whose it is ("optimizer": "Adam"). Options are not in
/// it: with the same ones, training goes on to the bit.
template <class Module, class Optimizer>
requires requires { Optimizer::kStateNames; }
void save(const std::string& path, const Module& module, Optimizer& optimizer, Metadata metadata = {}) {
  detail::Tensors tensors;
  std::deque<std::int64_t> steps;  // which stay where they are
  tensors.add(module);
  detail::for_each_optimizer_tensor(module, optimizer, [&]<class V>(const std::string& name, V value) {
    if constexpr (std::is_integral_v<V>) {
      steps.push_back(value);
      tensors.add(name, std::span<const std::int64_t>(&steps.back(), 1));
    } else {
      tensors.of<std::remove_reference_t<decltype(*value.data)>>().push_back({name, value});
    }
  });
  metadata[detail::kOptimizer] = optimizer.name();
  tensors.write(path, metadata);
}
/// Fills the module, and the state of its optimiser, from such a file; errors as those of load() without one, also
/// where the state is another optimiser's.
template <class Module, class Optimizer>
requires requires { Optimizer::kStateNames; }
Metadata load(const std::string& path, Module& module, Optimizer& optimizer) {
  SafetensorsReader reader(path);
  const auto owner = reader.metadata().find(detail::kOptimizer);
  if (owner == reader.metadata().end() || owner->second != optimizer.name()) {
    throw Error(path + ": expected the state of " + optimizer.name() + ", found " +
                (owner == reader.metadata().end() ? "none of any optimiser" : "that of " + owner->second));
  }
  std::vector<std::int64_t> steps;
  detail::for_each_optimizer_tensor(module, optimizer, [&]<class V>(const std::string& name, V& state) {
    if constexpr (std::is_integral_v<V>) {
      const std::vector<std::int64_t> count = reader.read_integers(name);
      if (count.size() != 1 || count[0] < 0) throw Error(path + ": tensor " + name + ": expected one number from 0 on");
      steps.push_back(count[0]);
    } else {
      reader.check(name, state.rows, state.cols);
    }
  });
  read_parameters(reader, module, "");
  std::size_t at = 0;
  detail::for_each_optimizer_tensor(module, optimizer, [&]<class V>(const std::string& name, V& state) {
    if constexpr (std::is_integral_v<V>) {
      state = steps[at++];
    } else {
      const auto value = reader.read<std::remove_reference_t<decltype(*state.data)>>(name);
      std::copy_n(value.data(), value.size(), state.data);
    }
  });
  return reader.metadata();
}

}  // namespace ad::nn
