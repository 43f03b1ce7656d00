// The loops that vector units are for, a table for each family. Plain C++ in *_level.h, compiled for several levels of
// x86-64 and chosen at run time; compiled once, portable, everywhere else. A new loop is a line in its family's table
// here, and its code and its entry in the family's *_level.h.
#pragma once

#include "../tensor.h"
#include "api.h"
#include "functions.h"

namespace ad {

struct RandomKey;

namespace kernels {

template <class T>
struct Product;

/// One step of Adam as PyTorch counts it, the bias corrections already folded in.
struct AdamStep {
  double step_size;   ///< learning rate / (1 - beta1^t)
  double root_scale;  ///< 1 / sqrt(1 - beta2^t)
  double beta1, beta2, epsilon, weight_decay;
  double keep = 1;  ///< of the weight, before the step: 1 - learning rate * decay, where that is decoupled
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

/// Functions of each element.
template <class T>
struct ElementwiseLoops {
  /// out[i] <- exp(scale * x[i])
  void (*exp)(const T* x, Index n, T scale, T* out);
  /// out[i] <- 1 / (1 + exp(-x[i]))
  void (*sigmoid)(const T* x, T* out, Index n);
  /// out[i] <- x[i] * sigmoid(x[i])
  void (*swish)(const T* x, T* out, Index n);
  /// dx[i] <- (accumulate ? dx[i] : 0) + g[i] * swish'(x[i])
  void (*swish_backward)(const T* x, const T* g, T* dx, Index n, bool accumulate);
  /// dx[i] <- (accumulate ? dx[i] : 0) + (x[i] <= 0 ? 0 : g[i])
  void (*relu_backward)(const T* x, const T* g, T* dx, Index n, bool accumulate);
};

/// Maxima and exponentials.
template <class T>
struct SoftmaxLoops {
  /// max_i x[i]; -inf if n is 0, NaN if one is NaN.
  T (*row_max)(const T* x, Index n);
  /// out[i] <- exp(x[i] - shift); returns their sum. `out` may be x.
  T (*exp_sum)(const T* x, Index n, T shift, T* out);
  /// Columns 0 .. n - 1 of x [rows, stride] each take the next logits of a softmax, x[i][j] + bias[i]: top[j] grows to
  /// their largest, rescale[j] <- exp(old top - new top), x[i][j] <- exp(logit - top[j]), sum[j] <- sum[j] * rescale[j]
  /// + sum_i x[i][j]. A top begins at lowest(), not -inf: then a logit of -inf counts as 0. A NaN ends in the sum.
  void (*softmax_columns)(T* x, Index rows, Index stride, Index n, const T* bias, T* top, T* sum, T* rescale);
  /// x[i][j] *= scale[j] for j < n; sums[i] <- sum_j x[i][j]
  void (*scale_columns)(T* x, Index rows, Index stride, Index n, const T* scale, T* sums);
};

/// Rows added, multiplied and searched.
template <class T>
struct RowLoops {
  /// sum_i x[i] * y[i]
  T (*dot)(const T* x, const T* y, Index n);
  /// y[i] += a * x[i]
  void (*axpy)(T a, const T* x, T* y, Index n);
  /// x[i] <- a * x[i] + b * y[i]
  void (*blend)(T a, T* x, T b, const T* y, Index n);
  /// y += sum_e scale * values[e] * row rows[e] of `from`, [.., n], over count entries e; values null: ones.
  void (*add_rows)(const T* values, T scale, const std::int32_t* rows, Index count, const T* from, Index n, T* y);
  /// sums[j] <- sum_i x[i * stride + j] for j < n, in double.
  void (*column_sums)(const T* x, Index rows, Index stride, Index n, double* sums);
  /// Of the x[i] != skipped: out[0] <- how many, out[1] <- sum (x[i] - shift), out[2] <- sum (x[i] - shift)^2.
  void (*moments_but)(const T* x, Index n, T skipped, T shift, T* out);
  /// positions <- the i with x[i] > bound, ascending; returns how many. Room for n.
  Index (*above)(const T* x, Index n, T bound, std::int32_t* positions);
};

/// Layer normalisation.
template <class T>
struct NormLoops {
  /// out <- the row's layer normalisation (see NormRow).
  RowMoments<T> (*norm)(const NormRow<T>& row, double eps, T* out);
  /// dx <- the gradient of x (and of skip) for g, that of the row's result; dweight, dbias += theirs.
  void (*norm_backward)(const NormRow<T>& row, RowMoments<T> moments, const T* g, T* dx, T* dweight, T* dbias);
};

/// The optimiser.
template <class T>
struct AdamLoops {
  /// g <- g + weight_decay p; m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2;
  /// p <- keep p - step_size m / (sqrt(v) root_scale + epsilon). g null: a gradient of zeros.
  void (*adam)(const AdamStep& step, const T* g, T* p, T* m, T* v, Index n);
};

/// Random numbers (random.h).
template <class T>
struct RandomLoops {
  /// out[2 i], out[2 i + 1] <- elements 2 (first + i) and the next of a normal draw (random.h), times std.
  void (*normal_pairs)(const RandomKey& key, std::uint64_t first, Index pairs, double std, T* out);
  /// out[i] <- element first + i of a draw of random words (random.h).
  void (*words)(const RandomKey& key, std::uint64_t first, Index n, std::uint32_t* out);
  /// out[i] <- element base + columns[i] of it.
  void (*words_at)(const RandomKey& key, std::uint64_t base, const std::int32_t* columns, Index n, std::uint32_t* out);
};

/// The product of matrices (product.h).
template <class T>
struct ProductLoops {
  void (*multiply)(const Product<T>& product);
};

/// The loops over elements of type T. n: elements. Those over float count denormal numbers as zeros.
template <class T>
struct Loops : ElementwiseLoops<T>,
               SoftmaxLoops<T>,
               RowLoops<T>,
               NormLoops<T>,
               AdamLoops<T>,
               RandomLoops<T>,
               ProductLoops<T> {};

/// The loops for this processor, or those compiled for one of its levels().
template <class T>
RECVAE_API const Loops<T>& loops(Level level = kernels::level());

}  // namespace kernels
}  // namespace ad
