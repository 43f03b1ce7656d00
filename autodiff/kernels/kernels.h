// The loops that vector units are for. Plain C++ in kernels_level.cpp, compiled for several levels of x86-64 and chosen
// at run time; compiled once, portable, everywhere else.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

#include "../tensor.h"

/// Functions that loops for vector units call: they must become part of the loop, compiled for its level.
#define AD_INLINE [[gnu::always_inline]] inline

namespace ad {

struct RandomKey;

namespace kernels {

/// e^x without branches, so that loops over it vectorise. Cody-Waite reduction and a degree-7 polynomial; at most 2 ulp
/// from -87 to the overflow, gradual underflow below, 0 under -104, NaN stays NaN.
AD_INLINE float exp(float x) {
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer in the low bits
  const float shifted = x * 1.44269504f + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;  // minimax on +-log(2)/2 (the coefficients of Cephes' expf)
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2^n in two factors, as n runs from -150 to 128.
  const std::uint32_t whole = std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(kRound);
  const std::uint32_t half = static_cast<std::uint32_t>(static_cast<std::int32_t>(whole) >> 1);
  const float low = std::bit_cast<float>((half + 127u) << 23);
  const float high = std::bit_cast<float>((whole - half + 127u) << 23);
  return p * low * high;
}
AD_INLINE double exp(double x) { return std::exp(x); }

/// The natural logarithm of a positive normal number, without branches; at most 2 ulp. Other arguments: unspecified.
AD_INLINE float log(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  // x = m 2^n with m in [sqrt(1/2), sqrt(2))
  const std::uint32_t shifted = bits - 0x3f3504f3u;
  const float n = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
  const float r = std::bit_cast<float>((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  float p = 7.0376836292e-2f;  // minimax (the coefficients of Cephes' logf)
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  const float square = r * r;
  return n * 0.693359375f + (r + (p * r * square - 0.5f * square + n * -2.12194440e-4f));
}
AD_INLINE double log(double x) { return std::log(x); }

/// 1 / (1 + e^-x)
template <class T>
AD_INLINE T sigmoid(T x) {
  return T(1) / (T(1) + exp(-x));
}

/// One step of Adam as PyTorch counts it, the bias corrections already folded in.
struct AdamStep {
  double step_size;   ///< learning rate / (1 - beta1^t)
  double root_scale;  ///< 1 / sqrt(1 - beta2^t)
  double beta1, beta2, epsilon, weight_decay;
};

/// What layer normalisation knows of a row: 1 / sqrt(variance + eps), and the mean.
template <class T>
struct RowMoments {
  T mean, rstd;
};

/// A row of y = normalised(f(x + skip)) * weight + bias, f being swish or nothing, as its two loops see it.
template <class T>
struct NormRow {
  const T* x;
  const T* skip;  ///< null: none
  const T *weight, *bias;
  Index n;
  bool swish;
};

/// The loops over elements of type T. n: elements.
template <class T>
struct Loops {
  /// max_i x[i]; -inf if n is 0, NaN if one is NaN.
  T (*row_max)(const T* x, Index n);
  /// Columns 0 .. n - 1 of x [rows, stride] each take the next logits of a softmax, x[i][j] + bias[i]: top[j] grows to
  /// their largest, rescale[j] <- exp(old top - new top), x[i][j] <- exp(logit - top[j]), sum[j] <- sum[j] * rescale[j]
  /// + sum_i x[i][j]. A top begins at lowest(), not -inf: then a logit of -inf counts as 0. A NaN ends in the sum.
  void (*softmax_columns)(T* x, Index rows, Index stride, Index n, const T* bias, T* top, T* sum, T* rescale);
  /// x[i][j] *= scale[j] for j < n; sums[i] <- sum_j x[i][j]
  void (*scale_columns)(T* x, Index rows, Index stride, Index n, const T* scale, T* sums);
  /// positions <- the i with x[i] > bound, ascending; returns how many. Room for n.
  Index (*above)(const T* x, Index n, T bound, std::int32_t* positions);
  /// out[i] <- exp(x[i] - shift); returns their sum. `out` may be x.
  T (*exp_sum)(const T* x, Index n, T shift, T* out);
  /// out[i] <- exp(scale * x[i])
  void (*exp)(const T* x, Index n, T scale, T* out);
  /// sum_i x[i] * y[i]
  T (*dot)(const T* x, const T* y, Index n);
  /// y[i] += a * x[i]
  void (*axpy)(T a, const T* x, T* y, Index n);
  /// x[i] <- a * x[i] + b * y[i]
  void (*blend)(T a, T* x, T b, const T* y, Index n);
  /// y += sum_e scale * values[e] * row rows[e] of `from`, [.., n], over count entries e; values null: ones.
  void (*add_rows)(const T* values, T scale, const std::int32_t* rows, Index count, const T* from, Index n, T* y);
  /// out[i] <- 1 / (1 + exp(-x[i]))
  void (*sigmoid)(const T* x, T* out, Index n);
  /// out[i] <- x[i] * sigmoid(x[i])
  void (*swish)(const T* x, T* out, Index n);
  /// dx[i] <- (accumulate ? dx[i] : 0) + g[i] * swish'(x[i])
  void (*swish_backward)(const T* x, const T* g, T* dx, Index n, bool accumulate);
  /// out <- the row's layer normalisation (see NormRow).
  RowMoments<T> (*norm)(const NormRow<T>& row, double eps, T* out);
  /// dx <- the gradient of x (and of skip) for g, that of the row's result; dweight, dbias += theirs.
  void (*norm_backward)(const NormRow<T>& row, RowMoments<T> moments, const T* g, T* dx, T* dweight, T* dbias);
  /// sums[j] <- sum_i x[i * stride + j] for j < n, in double.
  void (*column_sums)(const T* x, Index rows, Index stride, Index n, double* sums);
  /// g <- g + weight_decay p; m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2;
  /// p <- p - step_size m / (sqrt(v) root_scale + epsilon). g null: a gradient of zeros.
  void (*adam)(const AdamStep& step, const T* g, T* p, T* m, T* v, Index n);
  /// out[2 i], out[2 i + 1] <- elements 2 (first + i) and the next of a normal draw (random.h), times std.
  void (*normal_pairs)(const RandomKey& key, std::uint64_t first, Index pairs, double std, T* out);
  /// out[i] <- element first + i of a draw of random words (random.h).
  void (*words)(const RandomKey& key, std::uint64_t first, Index n, std::uint32_t* out);
  /// out[i] <- element base + columns[i] of it.
  void (*words_at)(const RandomKey& key, std::uint64_t base, const std::int32_t* columns, Index n, std::uint32_t* out);
};

/// What a loop was compiled for. The names of x86-64's micro-architecture levels; portable: anything else.
enum class Level { portable, v2, v3, v4 };
const char* name(Level level);

/// The levels that were compiled and that this processor can run, the best one last.
std::span<const Level> levels();
/// The best of them.
Level level();

/// The loops compiled for a level, one of levels().
template <class T>
const Loops<T>& loops(Level level);
/// The loops for this processor.
template <class T>
const Loops<T>& loops();

/// While one lives, the calling thread treats denormal numbers as zeros, where the processor can: arithmetic on them is
/// slow, and Adam's moments of idle rows decay into them.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  std::uint64_t before_;
};

}  // namespace kernels
}  // namespace ad
