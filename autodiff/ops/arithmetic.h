// Sums, products and quotients of two values, with broadcasting, and their operators.
#pragma once

#include <cmath>

#include "broadcast.h"
#include "elementwise.h"

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

/// What one of two equals gets of the gradient g: all, half or nothing.
template <class T>
T share(T g, bool all, bool half) {
  return all ? g : half ? g / 2 : T(0);
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
      [](T g, T x, T y) { return -g * (x / y) / y; });
}

/// The larger of two, elementwise; sides of length 1 repeat. NaN if one is. Equal ones share the gradient, as in
/// PyTorch.
template <class T>
Var<T> max(Var<T> a, Var<T> b) {
  return detail::binary(
      "max", a, b, [](T x, T y) { return x > y || std::isnan(x) ? x : y; },
      [](T g, T x, T y) { return detail::share(g, x > y || std::isnan(x), x == y); },
      [](T g, T x, T y) { return detail::share(g, !(x >= y || std::isnan(x)), x == y); });
}

/// The smaller of two, elementwise; sides of length 1 repeat. NaN if one is. Equal ones share the gradient.
template <class T>
Var<T> min(Var<T> a, Var<T> b) {
  return detail::binary(
      "min", a, b, [](T x, T y) { return x < y || std::isnan(x) ? x : y; },
      [](T g, T x, T y) { return detail::share(g, x < y || std::isnan(x), x == y); },
      [](T g, T x, T y) { return detail::share(g, !(x <= y || std::isnan(x)), x == y); });
}

namespace detail {

/// where(), under the name of `op`.
template <class T>
Var<T> choose(const char* op, ConstMatrix<T> condition, Var<T> a, Var<T> b) {
  Tape<T>& tape = tape_of(op, {a, b});
  const Broadcast<T> x(a.value()), y(b.value());
  const Matrix<T> out = alloc_broadcast(op, tape, condition, broadcast_shape(op, a.value(), b.value()));
  const Broadcast<T> c({tape.copy(condition.span()).data(), condition.rows, condition.cols});
  fill(out, [&](Index i, Index j) { return c(i, j) != 0 ? x(i, j) : y(i, j); });
  return tape.record(op, out, {a, b}, [=](Tape<T>& t, ConstMatrix<T> g) {
    put_reduced(t.grad_slot(a), g.rows, g.cols, [&](Index i, Index j) { return c(i, j) != 0 ? g(i, j) : T(0); });
    put_reduced(t.grad_slot(b), g.rows, g.cols, [&](Index i, Index j) { return c(i, j) != 0 ? T(0) : g(i, j); });
  });
}

}  // namespace detail

/// a where `condition` is not 0, else b, elementwise; sides of length 1 repeat, of all three. What is not taken
/// gets the gradient 0. That hides a NaN there, but not a slope that is none: of log at 0 or sqrt below it, 0 times it
/// is NaN, so keep those out before.
template <class T>
Var<T> where(ConstMatrix<std::type_identity_t<T>> condition, Var<T> a, Var<T> b) {
  return detail::choose("where", condition, a, b);
}

/// x, with `value` where `mask` is not 0; sides of length 1 repeat.
template <class T>
Var<T> masked_fill(Var<T> x, ConstMatrix<std::type_identity_t<T>> mask, double value) {
  return detail::choose("masked_fill", mask, tape_of("masked_fill", {x}).constant(value), x);
}

/// add(a, b)
template <class T>
Var<T> operator+(Var<T> a, Var<T> b) {
  return add(a, b);
}
/// sub(a, b)
template <class T>
Var<T> operator-(Var<T> a, Var<T> b) {
  return sub(a, b);
}
/// mul(a, b)
template <class T>
Var<T> operator*(Var<T> a, Var<T> b) {
  return mul(a, b);
}
/// div(a, b)
template <class T>
Var<T> operator/(Var<T> a, Var<T> b) {
  return div(a, b);
}

/// a + b, elementwise, the number taken as T.
template <class T>
Var<T> operator+(Var<T> a, double b) {
  return detail::elementwise(
      "add", a, [s = static_cast<T>(b)](T x) { return x + s; }, [](T, T) { return T(1); });
}
/// a + b, elementwise, the number taken as T.
template <class T>
Var<T> operator+(double a, Var<T> b) {
  return b + a;
}
/// a - b, elementwise, the number taken as T.
template <class T>
Var<T> operator-(Var<T> a, double b) {
  return detail::elementwise(
      "sub", a, [s = static_cast<T>(b)](T x) { return x - s; }, [](T, T) { return T(1); });
}
/// a - b, elementwise, the number taken as T.
template <class T>
Var<T> operator-(double a, Var<T> b) {
  return detail::elementwise(
      "sub", b, [s = static_cast<T>(a)](T x) { return s - x; }, [](T, T) { return T(-1); });
}
/// a * b, elementwise, the number taken as T.
template <class T>
Var<T> operator*(Var<T> a, double b) {
  return scale(a, static_cast<T>(b));
}
/// a * b, elementwise, the number taken as T.
template <class T>
Var<T> operator*(double a, Var<T> b) {
  return b * a;
}
/// a / b, elementwise, the number taken as T.
template <class T>
Var<T> operator/(Var<T> a, double b) {
  return detail::elementwise(
      "div", a, [s = static_cast<T>(b)](T x) { return x / s; }, [s = static_cast<T>(b)](T, T) { return 1 / s; });
}
/// a / b, elementwise, the number taken as T.
template <class T>
Var<T> operator/(double a, Var<T> b) {
  return detail::elementwise(
      "div", b, [s = static_cast<T>(a)](T x) { return s / x; }, [](T x, T y) { return -y / x; });
}

/// a = a + b: the handle then means the result.
template <class T, class B>
Var<T>& operator+=(Var<T>& a, B b) {
  return a = a + b;
}
/// a = a - b: the handle then means the result.
template <class T, class B>
Var<T>& operator-=(Var<T>& a, B b) {
  return a = a - b;
}
/// a = a * b: the handle then means the result.
template <class T, class B>
Var<T>& operator*=(Var<T>& a, B b) {
  return a = a * b;
}
/// a = a / b: the handle then means the result.
template <class T, class B>
Var<T>& operator/=(Var<T>& a, B b) {
  return a = a / b;
}

}  // namespace ad
