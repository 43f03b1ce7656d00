// Sums, products and quotients of two values, with broadcasting, and their operators.
#pragma once

#include "broadcast.h"

namespace ad {

/// a + b, elementwise; sides of length 1 repeat.
template <class T>
Var<T> add(Var<T> a, Var<T> b) {
  Tape<T>& tape = tape_of("add", {a, b});
  const detail::Broadcast<T> x(a.value()), y(b.value());
  Matrix<T> out = detail::alloc_broadcast("add", tape, a.value(), b.value());
  detail::fill(out, [&](Index i, Index j) { return x(i, j) + y(i, j); });
  return tape.record("add", out, {a, b}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_sum(t, t.grad_slot(a), g);
    detail::put_sum(t, t.grad_slot(b), g);
  });
}

/// a - b, elementwise; sides of length 1 repeat.
template <class T>
Var<T> sub(Var<T> a, Var<T> b) {
  Tape<T>& tape = tape_of("sub", {a, b});
  const detail::Broadcast<T> x(a.value()), y(b.value());
  Matrix<T> out = detail::alloc_broadcast("sub", tape, a.value(), b.value());
  detail::fill(out, [&](Index i, Index j) { return x(i, j) - y(i, j); });
  return tape.record("sub", out, {a, b}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_sum(t, t.grad_slot(a), g);
    detail::put_reduced(t.grad_slot(b), g.rows, g.cols, [&](Index i, Index j) { return -g(i, j); });
  });
}

/// a * b, elementwise; sides of length 1 repeat.
template <class T>
Var<T> mul(Var<T> a, Var<T> b) {
  Tape<T>& tape = tape_of("mul", {a, b});
  const detail::Broadcast<T> x(a.value()), y(b.value());
  Matrix<T> out = detail::alloc_broadcast("mul", tape, a.value(), b.value());
  detail::fill(out, [&](Index i, Index j) { return x(i, j) * y(i, j); });
  return tape.record("mul", out, {a, b}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_reduced(t.grad_slot(a), g.rows, g.cols, [&](Index i, Index j) { return g(i, j) * y(i, j); });
    detail::put_reduced(t.grad_slot(b), g.rows, g.cols, [&](Index i, Index j) { return g(i, j) * x(i, j); });
  });
}

/// a / b, elementwise; sides of length 1 repeat.
template <class T>
Var<T> div(Var<T> a, Var<T> b) {
  Tape<T>& tape = tape_of("div", {a, b});
  const detail::Broadcast<T> x(a.value()), y(b.value());
  Matrix<T> out = detail::alloc_broadcast("div", tape, a.value(), b.value());
  detail::fill(out, [&](Index i, Index j) { return x(i, j) / y(i, j); });
  return tape.record("div", out, {a, b}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_reduced(t.grad_slot(a), g.rows, g.cols, [&](Index i, Index j) { return g(i, j) / y(i, j); });
    detail::put_reduced(t.grad_slot(b), g.rows, g.cols,
                        [&](Index i, Index j) { return -g(i, j) * x(i, j) / (y(i, j) * y(i, j)); });
  });
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
