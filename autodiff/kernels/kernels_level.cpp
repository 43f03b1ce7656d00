// The loops, compiled once for each level of the processor (meson.build passes AD_LEVEL and the compiler's options).
// Nothing here may be seen under one name by two levels: all is internal but the two tables, and what is called from
// other headers is always inlined (tests/rules/check_globals.py looks).
#include <limits>
#include <type_traits>

#include "../random.h"
#include "kernels.h"

namespace ad::kernels {
namespace {

// Reductions keep this many partial results, in a fixed order: what lets the compiler vectorise them.
constexpr Index kLanes = 16;

template <class T>
AD_INLINE T sum_lanes(T (&lane)[kLanes]) {
  for (Index half = kLanes / 2; half > 0; half /= 2) {
    for (Index l = 0; l < half; ++l) lane[l] += lane[l + half];
  }
  return lane[0];
}

// The width of a vector register. Written out where compilers do not find the vectors themselves: maxima.
#if defined(__AVX512F__)
constexpr Index kVectorBytes = 64;
#elif defined(__AVX__)
constexpr Index kVectorBytes = 32;
#else
constexpr Index kVectorBytes = 16;
#endif
template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
  static constexpr Index kWidth = kVectorBytes / static_cast<Index>(sizeof(T));
};

template <class T>
T row_max(const T* x, Index n) {
  using Vector = typename VectorOf<T>::type;
  constexpr Index kWidth = VectorOf<T>::kWidth;
  Vector most = Vector{} - std::numeric_limits<T>::infinity();
  Index i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    Vector v;
    __builtin_memcpy(&v, x + i, sizeof v);
    most = (v > most) | (v != v) ? v : most;  // NaN comes in, and nothing is larger than it
  }
  T top = -std::numeric_limits<T>::infinity();
  const auto take = [&top](T v) { top = v > top || v != v ? v : top; };
  for (Index l = 0; l < kWidth; ++l) take(most[l]);
  for (; i < n; ++i) take(x[i]);
  return top;
}

/// sum_i f(i)
template <class T, class F>
AD_INLINE T sum_of(Index n, F f) {
  T lane[kLanes] = {};
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (Index l = 0; l < kLanes; ++l) lane[l] += f(i + l);
  }
  for (; i < n; ++i) lane[0] += f(i);
  return sum_lanes(lane);
}

template <class T>
void softmax_columns(T* __restrict x, Index rows, Index stride, Index n, const T* __restrict bias, T* __restrict top,
                     T* __restrict sum, T* __restrict rescale) {
  for (Index j = 0; j < n; ++j) rescale[j] = top[j];
  for (Index i = 0; i < rows; ++i) {
    const T* row = x + i * stride;
    for (Index j = 0; j < n; ++j) {
      const T logit = row[j] + bias[i];
      rescale[j] = logit > rescale[j] ? logit : rescale[j];
    }
  }
  for (Index j = 0; j < n; ++j) {
    const T grown = rescale[j];
    rescale[j] = exp(top[j] - grown);
    sum[j] *= rescale[j];
    top[j] = grown;
  }
  for (Index i = 0; i < rows; ++i) {
    T* row = x + i * stride;
    for (Index j = 0; j < n; ++j) sum[j] += row[j] = exp(row[j] + bias[i] - top[j]);
  }
}

/// Which of 32 x[i] are above the bound: bit i of the result.
template <class T>
AD_INLINE std::uint32_t mask_above(const T* x, T bound) {
  using Vector = typename VectorOf<T>::type;
  constexpr Index kWidth = VectorOf<T>::kWidth;
  using Mask = decltype(Vector{} > Vector{});
  using Lane = std::remove_cvref_t<decltype(Mask{}[0])>;
  Mask bits = {}, bit;  // of one lane each
  Lane lane[kWidth];
  for (Index l = 0; l < kWidth; ++l) lane[l] = Lane{1} << l;
  __builtin_memcpy(&bit, lane, sizeof bit);
  for (Index i = 0; i < 32; i += kWidth, bit <<= kWidth) {
    Vector v;
    __builtin_memcpy(&v, x + i, sizeof v);
    bits |= (v > bound) & bit;
  }
  std::uint64_t word[sizeof bits / sizeof(std::uint64_t)], all = 0;
  __builtin_memcpy(word, &bits, sizeof bits);
  for (const std::uint64_t w : word) all |= w;
  return static_cast<std::uint32_t>(all | all >> 32);
}

template <class T>
Index above(const T* x, Index n, T bound, std::int32_t* positions) {
  Index found = 0, i = 0;
  for (; i + 32 <= n; i += 32) {
    for (std::uint32_t mask = mask_above(x + i, bound); mask != 0; mask &= mask - 1)
      positions[found++] = static_cast<std::int32_t>(i) + __builtin_ctz(mask);
  }
  for (; i < n; ++i) {
    if (x[i] > bound) positions[found++] = static_cast<std::int32_t>(i);
  }
  return found;
}

template <class T>
void scale_columns(T* __restrict x, Index rows, Index stride, Index n, const T* __restrict scale, T* __restrict sums) {
  for (Index i = 0; i < rows; ++i) {
    T* row = x + i * stride;
    for (Index j = 0; j < n; ++j) row[j] *= scale[j];
    sums[i] = sum_of<T>(n, [=](Index j) { return row[j]; });
  }
}

template <class T>
T exp_sum(const T* x, Index n, T shift, T* out) {
  for (Index i = 0; i < n; ++i) out[i] = exp(x[i] - shift);
  return sum_of<T>(n, [=](Index i) { return out[i]; });
}

template <class T>
void exp_each(const T* x, Index n, T scale, T* out) {
  for (Index i = 0; i < n; ++i) out[i] = exp(scale * x[i]);
}

template <class T>
T dot(const T* x, const T* y, Index n) {
  return sum_of<T>(n, [=](Index i) { return x[i] * y[i]; });
}

template <class T>
void axpy(T a, const T* __restrict x, T* __restrict y, Index n) {
  for (Index i = 0; i < n; ++i) y[i] += a * x[i];
}

template <class T>
void blend(T a, T* __restrict x, T b, const T* __restrict y, Index n) {
  for (Index i = 0; i < n; ++i) x[i] = a * x[i] + b * y[i];
}

/// Tells the processor that x[0 .. n) will be read soon.
template <class T>
AD_INLINE void prefetch(const T* x, Index n) {
  for (Index i = 0; i < n; i += static_cast<Index>(64 / sizeof(T))) __builtin_prefetch(x + i);
}

template <class T>
void add_rows(const T* values, T scale, const std::int32_t* rows, Index count, const T* __restrict from, Index n,
              T* __restrict y) {
  Index e = 0;
  for (; e + 2 <= count; e += 2) {
    if (e + 3 < count) {
      prefetch(from + rows[e + 2] * n, n);
      prefetch(from + rows[e + 3] * n, n);
    }
    const T *a = from + rows[e] * n, *b = from + rows[e + 1] * n;
    const T p = values ? scale * values[e] : scale, q = values ? scale * values[e + 1] : scale;
    for (Index i = 0; i < n; ++i) y[i] += p * a[i] + q * b[i];
  }
  if (e < count) axpy(values ? scale * values[e] : scale, from + rows[e] * n, y, n);
}

template <class T>
void sigmoid_each(const T* x, T* out, Index n) {
  for (Index i = 0; i < n; ++i) out[i] = sigmoid(x[i]);
}

template <class T>
void swish(const T* x, T* out, Index n) {
  for (Index i = 0; i < n; ++i) out[i] = x[i] * sigmoid(x[i]);
}

/// d swish(x) / dx, s being sigmoid(x)
template <class T>
AD_INLINE T swish_slope(T x, T s) {
  return s + x * s * (T(1) - s);
}

template <class T>
void swish_backward(const T* x, const T* g, T* dx, Index n, bool accumulate) {
  if (accumulate) {
    for (Index i = 0; i < n; ++i) dx[i] += g[i] * swish_slope(x[i], sigmoid(x[i]));
  } else {
    for (Index i = 0; i < n; ++i) dx[i] = g[i] * swish_slope(x[i], sigmoid(x[i]));
  }
}

// ---- layer normalisation of f(x + skip) ----

template <bool kSkip, class T>
AD_INLINE T norm_input(const NormRow<T>& row, Index i) {
  return kSkip ? row.x[i] + row.skip[i] : row.x[i];
}

// Each loop does one thing: then compilers vectorise it.
template <bool kSkip, bool kSwish, class T>
AD_INLINE RowMoments<T> norm_row(const NormRow<T>& r, double eps, T* __restrict out) {
  const NormRow<T> row = r;  // a copy: what `out` could alias would be read again and again
  for (Index i = 0; i < row.n; ++i) {
    const T x = norm_input<kSkip>(row, i);
    out[i] = kSwish ? x * sigmoid(x) : x;
  }
  const T mean = sum_of<T>(row.n, [=](Index i) { return out[i]; }) / static_cast<T>(row.n);
  const T squares = sum_of<T>(row.n, [=](Index i) { return (out[i] - mean) * (out[i] - mean); });
  const T rstd = T(1) / std::sqrt(squares / static_cast<T>(row.n) + static_cast<T>(eps));
  for (Index i = 0; i < row.n; ++i) out[i] = (out[i] - mean) * rstd * row.weight[i] + row.bias[i];
  return {mean, rstd};
}

template <bool kSkip, bool kSwish, class T>
AD_INLINE void norm_row_backward(const NormRow<T>& r, RowMoments<T> m, const T* __restrict g, T* __restrict dx,
                                 T* __restrict dweight, T* __restrict dbias) {
  const NormRow<T> row = r;
  for (Index i = 0; i < row.n; ++i) {  // the normalised row, until dx takes its place
    const T x = norm_input<kSkip>(row, i);
    dx[i] = ((kSwish ? x * sigmoid(x) : x) - m.mean) * m.rstd;
  }
  const T mean = sum_of<T>(row.n, [=](Index i) { return g[i] * row.weight[i]; }) / static_cast<T>(row.n);
  const T slope = sum_of<T>(row.n, [=](Index i) { return g[i] * row.weight[i] * dx[i]; }) / static_cast<T>(row.n);
  for (Index i = 0; i < row.n; ++i) {
    dweight[i] += g[i] * dx[i];
    dbias[i] += g[i];
    dx[i] = m.rstd * (g[i] * row.weight[i] - mean - dx[i] * slope);
  }
  for (Index i = 0; kSwish && i < row.n; ++i) {
    const T x = norm_input<kSkip>(row, i);
    dx[i] *= swish_slope(x, sigmoid(x));
  }
}

template <class T>
RowMoments<T> norm(const NormRow<T>& row, double eps, T* out) {
  if (row.swish) return row.skip ? norm_row<true, true>(row, eps, out) : norm_row<false, true>(row, eps, out);
  return row.skip ? norm_row<true, false>(row, eps, out) : norm_row<false, false>(row, eps, out);
}

template <class T>
void norm_backward(const NormRow<T>& row, RowMoments<T> m, const T* g, T* dx, T* dweight, T* dbias) {
  if (row.swish) {
    if (row.skip)
      norm_row_backward<true, true>(row, m, g, dx, dweight, dbias);
    else
      norm_row_backward<false, true>(row, m, g, dx, dweight, dbias);
  } else {
    if (row.skip)
      norm_row_backward<true, false>(row, m, g, dx, dweight, dbias);
    else
      norm_row_backward<false, false>(row, m, g, dx, dweight, dbias);
  }
}

template <class T>
void column_sums(const T* __restrict x, Index rows, Index stride, Index n, double* __restrict sums) {
  for (Index j = 0; j < n; ++j) sums[j] = 0;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < n; ++j) sums[j] += static_cast<double>(x[i * stride + j]);
  }
}

template <class T>
void adam(const AdamStep& step, const T* __restrict g, T* __restrict p, T* __restrict m, T* __restrict v, Index n) {
  const T size = static_cast<T>(step.step_size), root_scale = static_cast<T>(step.root_scale);
  const T beta1 = static_cast<T>(step.beta1), beta2 = static_cast<T>(step.beta2);
  const T rest1 = static_cast<T>(1 - step.beta1), rest2 = static_cast<T>(1 - step.beta2);
  const T epsilon = static_cast<T>(step.epsilon), decay = static_cast<T>(step.weight_decay);
  const auto update = [=](T gradient, Index i) {
    gradient += decay * p[i];
    m[i] = beta1 * m[i] + rest1 * gradient;
    v[i] = beta2 * v[i] + rest2 * gradient * gradient;
    p[i] -= size * m[i] / (std::sqrt(v[i]) * root_scale + epsilon);
  };
  if (g) {
    for (Index i = 0; i < n; ++i) update(g[i], i);
  } else {
    for (Index i = 0; i < n; ++i) update(T(0), i);
  }
}

// ---- random numbers: random.h's, many at a time ----

/// Philox4x32-10 of kLanes counters: what ad::philox computes for each.
struct PhiloxLanes {
  std::uint32_t c[4][kLanes];

  AD_INLINE void count(Index lane, std::uint64_t counter) {
    c[0][lane] = static_cast<std::uint32_t>(counter);
    c[1][lane] = static_cast<std::uint32_t>(counter >> 32);
  }
  AD_INLINE void count_from(std::uint64_t counter) {
    for (Index l = 0; l < kLanes; ++l) count(l, counter + static_cast<std::uint64_t>(l));
  }
  AD_INLINE void run(const RandomKey& key) {
    std::uint32_t k0 = static_cast<std::uint32_t>(key.seed), k1 = static_cast<std::uint32_t>(key.seed >> 32);
    for (Index l = 0; l < kLanes; ++l) {
      c[2][l] = static_cast<std::uint32_t>(key.step);
      c[3][l] = key.stream;
    }
    for (int round = 0; round < 10; ++round) {
#pragma GCC unroll 1  // a loop for the vectoriser, not sixteen statements
      for (Index l = 0; l < kLanes; ++l) {
        const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0][l], p1 = std::uint64_t{0xCD9E8D57} * c[2][l];
        c[0][l] = static_cast<std::uint32_t>(p1 >> 32) ^ c[1][l] ^ k0;
        c[2][l] = static_cast<std::uint32_t>(p0 >> 32) ^ c[3][l] ^ k1;
        c[1][l] = static_cast<std::uint32_t>(p1);
        c[3][l] = static_cast<std::uint32_t>(p0);
      }
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
  }
};

/// log of a number in (0, 1), a double that is normal: 2 atanh((m - 1) / (m + 1)) + n log 2, to 1e-14.
AD_INLINE double log_unit(double x) {
  const std::uint64_t shifted = std::bit_cast<std::uint64_t>(x) - 0x3fe6a09e667f3bcdull;
  const double n = static_cast<double>(static_cast<std::int32_t>(static_cast<std::int64_t>(shifted) >> 52));
  const double m = std::bit_cast<double>((shifted & 0x000fffffffffffffull) + 0x3fe6a09e667f3bcdull);
  const double f = (m - 1) / (m + 1), s = f * f;
  double p = 1.0 / 17;
  for (int k = 15; k >= 1; k -= 2) p = p * s + 1.0 / k;
  return n * 0.6931471805599453 + 2 * f * p;
}

template <class T>
void normal_pairs(const RandomKey& k, std::uint64_t first, Index pairs, double std, T* __restrict out) {
  const RandomKey key = k;
  // A counter gives four words, hence two pairs: kLanes counters at a time, from the one that holds `first`.
  for (std::uint64_t counter = first / 2; counter * 2 < first + static_cast<std::uint64_t>(pairs); counter += kLanes) {
    PhiloxLanes words;
    words.count_from(counter);
    words.run(key);
    T made[2][2][kLanes];  // pair of the counter, element of the pair
    for (int half = 0; half < 2; ++half) {
      for (Index l = 0; l < kLanes; ++l) {
        // Box-Muller. The angle is 2 pi w / 2^32 = quarter * pi / 2 + phi, phi in [-pi / 4, pi / 4).
        const std::uint32_t w = words.c[2 * half + 1][l], quarter = (w + 0x20000000u) >> 30;
        const double radius =
            std * std::sqrt(-2 * log_unit((static_cast<double>(words.c[2 * half][l]) + 0.5) * 0x1p-32));
        const double phi = static_cast<double>(static_cast<std::int32_t>(w - (quarter << 30))) * 1.4629180792671596e-9;
        const double s = phi * phi;
        const double sine =
            phi * (1 + s * (-1.0 / 6 +
                            s * (1.0 / 120 +
                                 s * (-1.0 / 5040 + s * (1.0 / 362880 + s * (-1.0 / 39916800 + s / 6227020800.0))))));
        const double cosine =
            1 + s * (-0.5 + s * (1.0 / 24 + s * (-1.0 / 720 +
                                                 s * (1.0 / 40320 + s * (-1.0 / 3628800 +
                                                                         s * (1.0 / 479001600 - s / 87178291200.0))))));
        const double along = quarter & 1 ? -sine : cosine, across = quarter & 1 ? cosine : sine;
        const double sign = quarter & 2 ? -radius : radius;
        made[half][0][l] = static_cast<T>(sign * along);
        made[half][1][l] = static_cast<T>(sign * across);
      }
    }
    for (Index l = 0; l < kLanes; ++l) {
      for (Index half = 0; half < 2; ++half) {
        const Index pair = static_cast<Index>(2 * counter - first) + 2 * l + half;
        if (pair < 0 || pair >= pairs) continue;
        out[2 * pair] = made[half][0][l];
        out[2 * pair + 1] = made[half][1][l];
      }
    }
  }
}

void words(const RandomKey& k, std::uint64_t first, Index n, std::uint32_t* __restrict out) {
  const RandomKey key = k;
  for (std::uint64_t counter = first / 4; counter * 4 < first + static_cast<std::uint64_t>(n); counter += kLanes) {
    PhiloxLanes made;
    made.count_from(counter);
    made.run(key);
    const Index at = static_cast<Index>(4 * counter - first);  // of the first word made, maybe before `out`
    const Index begin = at < 0 ? -at : 0, end = n - at < 4 * kLanes ? n - at : 4 * kLanes;
    for (Index i = begin; i < end; ++i) out[at + i] = made.c[i % 4][i / 4];
  }
}

void words_at(const RandomKey& k, std::uint64_t base, const std::int32_t* columns, Index n, std::uint32_t* out) {
  const RandomKey key = k;
  for (Index i = 0; i < n; i += kLanes) {
    const Index count = n - i < kLanes ? n - i : kLanes;
    std::uint64_t element[kLanes] = {};
    for (Index l = 0; l < count; ++l) element[l] = base + static_cast<std::uint64_t>(columns[i + l]);
    PhiloxLanes words;
    for (Index l = 0; l < kLanes; ++l) words.count(l, element[l] / 4);
    words.run(key);
    for (Index l = 0; l < count; ++l) out[i + l] = words.c[element[l] % 4][l];
  }
}

template <class T>
constexpr Loops<T> table() {
  return {
      row_max<T>,       softmax_columns<T>, scale_columns<T>, above<T>,        exp_sum<T>, exp_each<T>,       dot<T>,
      axpy<T>,          blend<T>,           add_rows<T>,      sigmoid_each<T>, swish<T>,   swish_backward<T>, norm<T>,
      norm_backward<T>, column_sums<T>,     adam<T>,          normal_pairs<T>, words,      words_at};
}

}  // namespace

namespace AD_LEVEL {
extern const Loops<float> float_table;
extern const Loops<double> double_table;
constexpr Loops<float> float_table = table<float>();
constexpr Loops<double> double_table = table<double>();
}  // namespace AD_LEVEL

}  // namespace ad::kernels
