// Functions of one value, element by element.
#pragma once

#include <cmath>
#include <type_traits>

#include "../kernels/loops.h"
#include "../parallel.h"
#include "../tape.h"

namespace ad {
namespace detail {

/// y = f(x) with dy/dx = df(x, y), elementwise; `loop(in, out, n)` computes n of y.
template <class T, class L, class D>
Var<T> elementwise_loop(const char* op, Var<T> x, L loop, D df) {
  Tape<T>& tape = tape_of(op, {x});
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, in.cols);
  parallel_chunks(in.size(), kChunk,
                  [&](Index begin, Index end) { loop(in.data + begin, out.data + begin, end - begin); });
  return tape.record(op, out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    if (GradSlot<T> dx = t.grad_slot(x)) {
      parallel_chunks(in.size(), kChunk, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) dx.put(i, g.data[i] * df(in.data[i], out.data[i]));
      });
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
  return detail::elementwise(
      "relu", x, [](T v) { return v <= T(0) ? T(0) : v; }, [](T v, T) { return static_cast<T>(!(v <= T(0))); });
}

/// x * sigmoid(x), PyTorch's SiLU.
template <class T>
Var<T> swish(Var<T> x) {
  Tape<T>& tape = tape_of("swish", {x});
  const ConstMatrix<T> in = x.value();
  Matrix<T> out = tape.alloc(in.rows, in.cols);
  parallel_chunks(in.size(), kChunk, [&](Index begin, Index end) {
    kernels::loops<T>().swish(in.data + begin, out.data + begin, end - begin);
  });
  return tape.record("swish", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    if (GradSlot<T> dx = t.grad_slot(x)) {
      parallel_chunks(in.size(), kChunk, [&](Index begin, Index end) {
        kernels::loops<T>().swish_backward(in.data + begin, g.data + begin, dx.grad.data + begin, end - begin,
                                           dx.accumulate);
      });
    }
  });
}

}  // namespace ad
