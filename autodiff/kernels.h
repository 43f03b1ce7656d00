// The loops that vector units are for. Plain C++ in kernels.cpp, compiled for several x86-64 levels and chosen at run
// time where the compiler can; portable everywhere else.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "tensor.h"

namespace ad::kernels {

/// e^x without branches, so that loops over it vectorise. Cody-Waite reduction and a degree-7 polynomial; at most 2 ulp
/// from -87 to the overflow, gradual underflow below, 0 under -104, NaN stays NaN.
inline float exp(float x) {
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
inline double exp(double x) { return std::exp(x); }

/// 1 / (1 + e^-x)
template <class T>
T sigmoid(T x) {
  return T(1) / (T(1) + exp(-x));
}

// Every kernel has a float and a double form. n: elements.

/// max_i x[i]; -inf if n is 0.
float row_max(const float* x, Index n);
double row_max(const double* x, Index n);

/// x[i] <- exp(x[i] - shift); returns their sum.
float exp_sum(float* x, Index n, float shift);
double exp_sum(double* x, Index n, double shift);

/// x[i] <- scale * exp(x[i] - shift)
void exp_scale(float* x, Index n, float shift, float scale);
void exp_scale(double* x, Index n, double shift, double scale);

/// sum_i x[i] * y[i]
float dot(const float* x, const float* y, Index n);
double dot(const double* x, const double* y, Index n);

/// y[i] += a * x[i]
void axpy(float a, const float* x, float* y, Index n);
void axpy(double a, const double* x, double* y, Index n);

/// out[i] <- x[i] * sigmoid(x[i])
void swish(const float* x, float* out, Index n);
void swish(const double* x, double* out, Index n);

/// dx[i] <- (accumulate ? dx[i] : 0) + g[i] * swish'(x[i])
void swish_backward(const float* x, const float* g, float* dx, Index n, bool accumulate);
void swish_backward(const double* x, const double* g, double* dx, Index n, bool accumulate);

/// One step of Adam as PyTorch counts it, the bias corrections already folded in.
struct AdamStep {
  double step_size;   ///< learning rate / (1 - beta1^t)
  double root_scale;  ///< 1 / sqrt(1 - beta2^t)
  double beta1, beta2, epsilon, weight_decay;
};

/// g <- g + weight_decay p; m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2;
/// p <- p - step_size m / (sqrt(v) root_scale + epsilon). g null: a gradient of zeros.
void adam(const AdamStep& step, const float* g, float* p, float* m, float* v, Index n);
void adam(const AdamStep& step, const double* g, double* p, double* m, double* v, Index n);

}  // namespace ad::kernels
