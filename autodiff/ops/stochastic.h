// Dropout and the reparameterisation trick. Whether to call them is the caller's switch; there is no hidden mode.
#pragma once

#include <cmath>
#include <string>

#include "../csr.h"
#include "../random.h"
#include "broadcast.h"

namespace ad {
namespace detail {

/// An element is dropped if its 32 random bits are below p 2^32, rounded up: if uniform() of it is below p.
inline std::uint64_t drop_limit(double p) {
  if (!(p >= 0 && p < 1)) throw Error("dropout: expected a rate in [0, 1), found " + std::to_string(p));
  return static_cast<std::uint64_t>(std::ceil(p * 0x1p32));
}

}  // namespace detail

/// Inverted dropout: each element is 0 with probability p, else x / (1 - p). The mask is a function of `key` and the
/// element's number, so it is drawn again in the backward and never stored. p = 0 returns x.
template <class T>
Var<T> dropout(Var<T> x, double p, RandomKey key) {
  Tape<T>& tape = tape_of("dropout", {x});
  const std::uint64_t limit = detail::drop_limit(p);
  if (p == 0) return x;
  const ConstMatrix<T> in = x.value();
  const T kept = static_cast<T>(1 / (1 - p));
  const auto for_factors = [=](auto f) {
    parallel_chunks(in.size(), kChunk, [&](Index begin, Index end) {
      for_words(key, begin, end, [&](Index i, std::uint32_t word) { f(i, word < limit ? T(0) : kept); });
    });
  };
  Matrix<T> out = tape.alloc(in.rows, in.cols);
  for_factors([&](Index i, T factor) { out.data[i] = factor * in.data[i]; });
  return tape.record("dropout", out, {x}, [=](Tape<T>& t, ConstMatrix<T> g) {
    if (GradSlot<T> dx = t.grad_slot(x)) for_factors([&](Index i, T factor) { dx.put(i, factor * g.data[i]); });
  });
}

/// Dropout of a sparse matrix's entries: the dropped ones are left out, the others divided by 1 - p. Entry (u, j) is
/// decided by element u * cols + j of the draw. Lives on the tape, until reset(). p = 0 returns x.
template <class T>
CsrView<T> dropout(Tape<T>& tape, const CsrView<T>& x, double p, RandomKey key) {
  const std::uint64_t limit = detail::drop_limit(p);
  check(x, "dropout");
  if (p == 0) return x;
  const T scale = static_cast<T>(1 / (1 - p));
  std::span<std::int64_t> indptr = tape.template alloc_array<std::int64_t>(x.rows + 1);
  std::span<std::int32_t> indices = tape.template alloc_array<std::int32_t>(x.nnz());
  std::span<T> values = tape.template alloc_array<T>(x.nnz());
  std::span<std::uint32_t> words = tape.template alloc_array<std::uint32_t>(x.nnz());
  parallel_chunks(x.rows, 64, [&](Index begin, Index end) {
    for (Index u = begin; u < end; ++u) {
      kernels::loops<T>().words_at(key, static_cast<std::uint64_t>(u * x.cols), x.row(u).data(),
                                   static_cast<Index>(x.row(u).size()), words.data() + x.indptr[u]);
    }
  });
  indptr[0] = 0;
  std::size_t kept = 0;
  for (Index u = 0; u < x.rows; ++u) {
    for (std::int64_t at = x.indptr[u]; at < x.indptr[u + 1]; ++at) {
      indices[kept] = x.indices[at];  // overwritten by the next one if dropped: no branch to guess wrong
      values[kept] = scale * x.value(at);
      kept += words[static_cast<std::size_t>(at)] >= limit;
    }
    indptr[static_cast<std::size_t>(u) + 1] = static_cast<std::int64_t>(kept);
  }
  return {x.rows, x.cols, indptr.data(), indices.data(), values.data()};
}

/// z = mu + e^(logvar / 2) * noise, elementwise; `noise` is copied.
template <class T>
Var<T> reparameterise(Var<T> mu, Var<T> logvar, ConstMatrix<T> noise) {
  Tape<T>& tape = tape_of("reparameterise", {mu, logvar});
  const ConstMatrix<T> m = mu.value(), v = logvar.value();
  const auto same = [&](ConstMatrix<T> o) { return o.rows == m.rows && o.cols == m.cols; };
  if (!same(v) || !same(noise)) {
    throw ShapeError("reparameterise: mu " + shape_string(m) + ", logvar " + shape_string(v) + ", noise " +
                     shape_string(noise) + ": expected one shape");
  }
  const T* e = tape.copy(noise.span()).data();
  const T* deviation = detail::exp_scaled(tape, v, T(0.5)).data;
  Matrix<T> out = tape.alloc(m.rows, m.cols);
  parallel_chunks(m.size(), kChunk, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) out.data[i] = m.data[i] + deviation[i] * e[i];
  });
  return tape.record("reparameterise", out, {mu, logvar}, [=](Tape<T>& t, ConstMatrix<T> g) {
    detail::put_sum(t, t.grad_slot(mu), g);
    if (GradSlot<T> dv = t.grad_slot(logvar)) {
      parallel_chunks(g.size(), kChunk, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) dv.put(i, g.data[i] * deviation[i] * e[i] / 2);
      });
    }
  });
}

/// The same with noise drawn from N(0, std^2) by `key`.
template <class T>
Var<T> reparameterise(Var<T> mu, Var<T> logvar, double std, RandomKey key) {
  Tape<T>& tape = tape_of("reparameterise", {mu, logvar});
  if (!(std >= 0)) throw Error("reparameterise: expected a deviation from 0 on, found " + std::to_string(std));
  Matrix<T> noise = tape.alloc(mu.rows(), mu.cols());
  fill_normal(noise, std, key);
  return reparameterise(mu, logvar, ConstMatrix<T>(noise));
}

}  // namespace ad
