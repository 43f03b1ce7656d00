// Functions of one value, element by element.
#pragma once

#include <cmath>
#include <numbers>
#include <string>
#include <type_traits>

#include "../kernels/loops.h"
#include "../parallel.h"
#include "../tape.h"

namespace ad {
namespace detail {

/// y = f(x), elementwise: `loop(in, out, n)` computes n of y, `back(in, out, g, dx, n, accumulate)` n of dx, or adds
/// them.
template <class T, class L, class B>
Var<T> elementwise_loops(const char* op, Var<T> x, L loop, B back) {
  Tape<T>& tape = tape_of(op, {x});
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, in.cols);
  parallel_chunks(in.size(), kChunk,
                  [&](Index begin, Index end) { loop(in.data + begin, out.data + begin, end - begin); });
  return tape.record(op, out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    if (GradSlot<T> dx = t.grad_slot(x)) {
      parallel_chunks(in.size(), kChunk, [&](Index begin, Index end) {
        back(in.data + begin, out.data + begin, g.data + begin, dx.grad.data + begin, end - begin, dx.accumulate);
      });
    }
  });
}

/// The same with dy/dx = df(x, y).
template <class T, class L, class D>
Var<T> elementwise_loop(const char* op, Var<T> x, L loop, D df) {
  return elementwise_loops(op, x, loop, [df](const T* in, const T* out, const T* g, T* dx, Index n, bool accumulate) {
    if (accumulate) {
      for (Index i = 0; i < n; ++i) dx[i] += g[i] * df(in[i], out[i]);
    } else {
      for (Index i = 0; i < n; ++i) dx[i] = g[i] * df(in[i], out[i]);
    }
  });
}

/// The same, y = f(x) one by one.
template <class T, class F, class D>
Var<T> elementwise(const char* op, Var<T> x, F f, D df) {
  return elementwise_loop(
      op, x,
      [f](const T* from, T* to, Index n) {
        for (Index i = 0; i < n; ++i) to[i] = f(from[i]);
      },
      df);
}

}  // namespace detail

/// s * x
template <class T>
Var<T> scale(Var<T> x, std::type_identity_t<T> s) {
  return detail::elementwise(
      "scale", x, [s](T v) { return s * v; }, [s](T, T) { return s; });
}

/// -x
template <class T>
Var<T> operator-(Var<T> x) {
  return detail::elementwise(
      "neg", x, [](T v) { return -v; }, [](T, T) { return T(-1); });
}

/// e^x
template <class T>
Var<T> exp(Var<T> x) {
  return detail::elementwise_loop(
      "exp", x, [](const T* from, T* to, Index n) { kernels::loops<T>().exp(from, n, T(1), to); },
      [](T, T y) { return y; });
}

/// Natural logarithm; x > 0.
template <class T>
Var<T> log(Var<T> x) {
  return detail::elementwise(
      "log", x, [](T v) { return std::log(v); }, [](T v, T) { return T(1) / v; });
}

/// x^2
template <class T>
Var<T> square(Var<T> x) {
  return detail::elementwise(
      "square", x, [](T v) { return v * v; }, [](T v, T) { return T(2) * v; });
}

/// sqrt(x); x > 0 where the gradient is asked for.
template <class T>
Var<T> sqrt(Var<T> x) {
  return detail::elementwise(
      "sqrt", x, [](T v) { return std::sqrt(v); }, [](T, T y) { return T(0.5) / y; });
}

/// x^p for one exponent.
template <class T>
Var<T> pow(Var<T> x, double p) {
  return detail::elementwise(
      "pow", x, [e = static_cast<T>(p)](T v) { return std::pow(v, e); },
      [e = static_cast<T>(p)](T v, T) { return e == 0 ? T(0) : e * std::pow(v, e - 1); });
}

/// |x|; the derivative at 0 is 0.
template <class T>
Var<T> abs(Var<T> x) {
  return detail::elementwise(
      "abs", x, [](T v) { return std::abs(v); }, [](T v, T) { return v > 0   ? T(1)
                                                                     : v < 0 ? T(-1)
                                                                             : v; });
}

/// min(max(x, low), high), low <= high; the derivative is 1 from low to high, both included, else 0. NaN stays NaN.
template <class T>
Var<T> clamp(Var<T> x, double low, double high) {
  tape_of("clamp", {x});
  if (!(low <= high)) {
    throw Error("clamp: expected low <= high, found " + std::to_string(low) + ", " + std::to_string(high));
  }
  const T least = static_cast<T>(low), most = static_cast<T>(high);
  return detail::elementwise(
      "clamp", x, [=](T v) { return v < least  ? least
                                    : v > most ? most
                                               : v; },
      [=](T v, T) { return static_cast<T>(v >= least && v <= most); });
}

/// Hyperbolic tangent.
template <class T>
Var<T> tanh(Var<T> x) {
  return detail::elementwise(
      "tanh", x, [](T v) { return std::tanh(v); }, [](T, T y) { return T(1) - y * y; });
}

/// 1 / (1 + e^-x)
template <class T>
Var<T> sigmoid(Var<T> x) {
  return detail::elementwise_loop(
      "sigmoid", x, [](const T* from, T* to, Index n) { kernels::loops<T>().sigmoid(from, to, n); },
      [](T, T y) { return y * (T(1) - y); });
}

/// max(x, 0); the derivative at 0 is 0, as in PyTorch.
template <class T>
Var<T> relu(Var<T> x) {
  return detail::elementwise_loops(
      "relu", x,
      [](const T* from, T* to, Index n) {
        for (Index i = 0; i < n; ++i) to[i] = from[i] <= T(0) ? T(0) : from[i];
      },
      [](const T* from, const T*, const T* g, T* dx, Index n, bool accumulate) {
        kernels::loops<T>().relu_backward(from, g, dx, n, accumulate);
      });
}

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which does not overflow.
template <class T>
Var<T> softplus(Var<T> x) {
  return detail::elementwise(
      "softplus", x, [](T v) { return (v < T(0) ? T(0) : v) + std::log1p(std::exp(-std::abs(v))); },
      [](T v, T) { return kernels::sigmoid(v); });
}

/// x * Phi(x), Phi being the standard normal distribution function: PyTorch's GELU, without approximation.
template <class T>
Var<T> gelu(Var<T> x) {
  constexpr T kRoot = std::numbers::sqrt2_v<T> / 2, kDensity = kRoot * std::numbers::inv_sqrtpi_v<T>;
  return detail::elementwise(
      "gelu", x, [](T v) { return v * T(0.5) * std::erfc(-v * kRoot); },
      [](T v, T) { return T(0.5) * std::erfc(-v * kRoot) + v * kDensity * std::exp(-v * v / 2); });
}

/// x * sigmoid(x), PyTorch's SiLU.
template <class T>
Var<T> swish(Var<T> x) {
  return detail::elementwise_loops(
      "swish", x, [](const T* from, T* to, Index n) { kernels::loops<T>().swish(from, to, n); },
      [](const T* from, const T*, const T* g, T* dx, Index n, bool accumulate) {
        kernels::loops<T>().swish_backward(from, g, dx, n, accumulate);
      });
}

/// x without its past: the same values, and no gradient flows on.
template <class T>
Var<T> detach(Var<T> x) {
  Tape<T>& tape = tape_of("detach", {x});
  const ConstMatrix<T> in = x.value();
  const auto no_grad = tape.no_grad();
  return tape.record("detach", {const_cast<T*>(in.data), in.rows, in.cols}, {x}, [](Tape<T>&, ConstMatrix<T>) {});
}

}  // namespace ad
