// The log-density of a diagonal Gaussian.
#pragma once

#include <cmath>
#include <numbers>

#include "broadcast.h"

namespace ad {

/// log N(z; mu, e^logvar) per element: -(logvar + log 2 pi + (z - mu)^2 e^-logvar) / 2. mu and logvar may be
/// [rows, cols] as z, or smaller: sides of length 1 repeat.
template <class T>
Var<T> gaussian_log_density(Var<T> z, Var<T> mu, Var<T> logvar) {
  Tape<T>& tape = tape_of("gaussian_log_density", {z, mu, logvar});
  const ConstMatrix<T> zs = z.value(), ms = mu.value(), vs = logvar.value();
  const auto fits = [&](ConstMatrix<T> o) {
    return (o.rows == zs.rows || o.rows == 1) && (o.cols == zs.cols || o.cols == 1);
  };
  if (!fits(ms) || !fits(vs)) {
    throw ShapeError("gaussian_log_density: z " + shape_string(zs) + ", mu " + shape_string(ms) + ", logvar " +
                     shape_string(vs) + ": mu and logvar must have z's sides or 1");
  }
  const detail::Broadcast<T> m(ms), v(vs);
  const T log_2pi = static_cast<T>(std::log(2 * std::numbers::pi));
  const Matrix<T> precision = detail::exp_scaled(tape, vs, T(-1));
  const detail::Broadcast<T> p(precision);
  const auto standard = [=](Index i, Index j) { return (zs(i, j) - m(i, j)) * p(i, j); };  // (z - mu) / variance
  Matrix<T> out = tape.alloc(zs.rows, zs.cols);
  detail::fill(out,
               [&](Index i, Index j) { return (v(i, j) + log_2pi + (zs(i, j) - m(i, j)) * standard(i, j)) / T(-2); });
  return tape.record("gaussian_log_density", out, {z, mu, logvar}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_reduced(t.grad_slot(z), g.rows, g.cols, [&](Index i, Index j) { return -g(i, j) * standard(i, j); });
    detail::put_reduced(t.grad_slot(mu), g.rows, g.cols, [&](Index i, Index j) { return g(i, j) * standard(i, j); });
    detail::put_reduced(t.grad_slot(logvar), g.rows, g.cols, [&](Index i, Index j) {
      return g(i, j) * ((zs(i, j) - m(i, j)) * standard(i, j) - T(1)) / T(2);
    });
  });
}

}  // namespace ad
