// Sums, products and quotients of two values, with broadcasting, and their operators.
#pragma once

#include "broadcast.h"

namespace ad {

namespace detail {

/// f(a, b), elementwise, where sides of length 1 repeat; da(g, a, b) and db(g, a, b) are what g gives to each.
template <class T, class F, class DA, class DB>
Var<T> binary(const char* op, Var<T> a, Var<T> b, F f, DA da, DB db) {
  Tape<T>& tape = tape_of(op, {a, b});
  const Broadcast<T> x(a.value()), y(b.value());
  Matrix<T> out = alloc_broadcast(op, tape, a.value(), b.value());
  fill(out, [&](Index i, Index j) { return f(x(i, j), y(i, j)); });
  return tape.record(op, out, {a, b}, [=](Tape<T>& t, ConstMatrix<T> g) {
    put_reduced(t.grad_slot(a), g.rows, g.cols, [&](Index i, Index j) { return da(g(i, j), x(i, j), y(i, j)); });
    put_reduced(t.grad_slot(b), g.rows, g.cols, [&](Index i, Index j) { return db(g(i, j), x(i, j), y(i, j)); });
  });
}

}  // namespace detail

/// a + b, elementwise; sides of length 1 repeat.
template <class T>
Var<T> add(Var<T> a, Var<T> b) {
  return detail::binary(
      "add", a, b, [](T x, T y) { return x + y; }, [](T g, T, T) { return g; }, [](T g, T, T) { return g; });
}

/// a - b, elementwise; sides of length 1 repeat.
template <class T>
Var<T> sub(Var<T> a, Var<T> b) {
  return detail::binary(
      "sub", a, b, [](T x, T y) { return x - y; }, [](T g, T, T) { return g; }, [](T g, T, T) { return -g; });
}

/// a * b, elementwise; sides of length 1 repeat.
template <class T>
Var<T> mul(Var<T> a, Var<T> b) {
  return detail::binary(
      "mul", a, b, [](T x, T y) { return x * y; }, [](T g, T, T y) { return g * y; },
      [](T g, T x, T) { return g * x; });
}

/// a / b, elementwise; sides of length 1 repeat.
template <class T>
Var<T> div(Var<T> a, Var<T> b) {
  return detail::binary(
      "div", a, b, [](T x, T y) { return x / y; }, [](T g, T, T y) { return g / y; },
      [](T g, T x, T y) { return -g * x / (y * y); });
}

template <class T>
Var<T> operator+(Var<T> a, Var<T> b) {
  return add(a, b);
}
template <class T>
Var<T> operator-(Var<T> a, Var<T> b) {
  return sub(a, b);
}
template <class T>
Var<T> operator*(Var<T> a, Var<T> b) {
  return mul(a, b);
}
template <class T>
Var<T> operator/(Var<T> a, Var<T> b) {
  return div(a, b);
}

}  // namespace ad
