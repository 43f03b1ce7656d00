// The log-density of a diagonal Gaussian, and the divergence of two.
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
  if (!detail::broadcasts_to(ms, zs) || !detail::broadcasts_to(vs, zs)) {
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

/// KL(N(mu, e^logvar) || N(mu_p, e^logvar_p)) per element: (logvar_p - logvar + e^(logvar - logvar_p) +
/// (mu - mu_p)^2 e^-logvar_p - 1) / 2. logvar has mu's shape; mu_p and logvar_p may be smaller: sides of length 1
/// repeat.
template <class T>
Var<T> gaussian_kl(Var<T> mu, Var<T> logvar, Var<T> mu_p, Var<T> logvar_p) {
  Tape<T>& tape = tape_of("gaussian_kl", {mu, logvar, mu_p, logvar_p});
  const ConstMatrix<T> ms = mu.value(), vs = logvar.value(), mps = mu_p.value(), vps = logvar_p.value();
  if (ms.rows != vs.rows || ms.cols != vs.cols || !detail::broadcasts_to(mps, ms) || !detail::broadcasts_to(vps, ms)) {
    throw ShapeError("gaussian_kl: mu " + shape_string(ms) + ", logvar " + shape_string(vs) + ", mu_p " +
                     shape_string(mps) + ", logvar_p " + shape_string(vps) +
                     ": logvar must have mu's shape, the prior's mu's sides or 1");
  }
  const detail::Broadcast<T> v(vs), mp(mps), vp(vps);
  const Matrix<T> variance = detail::exp_scaled(tape, vs, T(1)), precision = detail::exp_scaled(tape, vps, T(-1));
  const detail::Broadcast<T> s(variance), p(precision);
  const auto distance = [=](Index i, Index j) { return ms(i, j) - mp(i, j); };
  Matrix<T> out = tape.alloc(ms.rows, ms.cols);
  detail::fill(out, [&](Index i, Index j) {
    const T d = distance(i, j);
    return (vp(i, j) - v(i, j) + (s(i, j) + d * d) * p(i, j) - T(1)) / T(2);
  });
  return tape.record("gaussian_kl", out, {mu, logvar, mu_p, logvar_p}, [=](Tape<T>& t, ConstMatrix<T> g) {
    const auto put = [&](Var<T> input, auto slope) {
      detail::put_reduced(t.grad_slot(input), g.rows, g.cols, [&](Index i, Index j) { return g(i, j) * slope(i, j); });
    };
    put(mu, [=](Index i, Index j) { return distance(i, j) * p(i, j); });
    put(mu_p, [=](Index i, Index j) { return -distance(i, j) * p(i, j); });
    put(logvar, [=](Index i, Index j) { return (s(i, j) * p(i, j) - T(1)) / T(2); });
    put(logvar_p,
        [=](Index i, Index j) { return (T(1) - (s(i, j) + distance(i, j) * distance(i, j)) * p(i, j)) / T(2); });
  });
}

}  // namespace ad
