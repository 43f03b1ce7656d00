#include "kernels.h"

#include <limits>

// One function, several instruction sets, chosen when the program starts. Sanitizers cannot run inside the resolver.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define AD_EVERY_LEVEL __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define AD_EVERY_LEVEL
#endif
#define AD_BODY [[gnu::always_inline]] inline

namespace ad::kernels {
namespace {

// Reductions keep this many partial results, in a fixed order: what lets the compiler vectorise them.
constexpr Index kLanes = 16;

template <class T>
AD_BODY T row_max_body(const T* x, Index n) {
  T lane[kLanes];
  for (T& v : lane) v = -std::numeric_limits<T>::infinity();
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (Index l = 0; l < kLanes; ++l) lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
  }
  for (; i < n; ++i) lane[0] = x[i] > lane[0] ? x[i] : lane[0];
  for (Index l = 1; l < kLanes; ++l) lane[0] = lane[l] > lane[0] ? lane[l] : lane[0];
  return lane[0];
}

template <class T>
AD_BODY T sum_lanes(T (&lane)[kLanes]) {
  for (Index half = kLanes / 2; half > 0; half /= 2) {
    for (Index l = 0; l < half; ++l) lane[l] += lane[l + half];
  }
  return lane[0];
}

template <class T>
AD_BODY T exp_sum_body(T* x, Index n, T shift) {
  T lane[kLanes] = {};
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (Index l = 0; l < kLanes; ++l) lane[l] += x[i + l] = exp(x[i + l] - shift);
  }
  for (; i < n; ++i) lane[0] += x[i] = exp(x[i] - shift);
  return sum_lanes(lane);
}

template <class T>
AD_BODY void exp_scale_body(T* x, Index n, T shift, T scale) {
  for (Index i = 0; i < n; ++i) x[i] = scale * exp(x[i] - shift);
}

template <class T>
AD_BODY T dot_body(const T* x, const T* y, Index n) {
  T lane[kLanes] = {};
  Index i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (Index l = 0; l < kLanes; ++l) lane[l] += x[i + l] * y[i + l];
  }
  for (; i < n; ++i) lane[0] += x[i] * y[i];
  return sum_lanes(lane);
}

template <class T>
AD_BODY void axpy_body(T a, const T* x, T* y, Index n) {
  for (Index i = 0; i < n; ++i) y[i] += a * x[i];
}

template <class T>
AD_BODY void swish_body(const T* x, T* out, Index n) {
  for (Index i = 0; i < n; ++i) out[i] = x[i] * sigmoid(x[i]);
}

template <class T>
AD_BODY void swish_backward_body(const T* x, const T* g, T* dx, Index n, bool accumulate) {
  for (Index i = 0; i < n; ++i) {
    const T s = sigmoid(x[i]);
    const T d = g[i] * (s + x[i] * s * (T(1) - s));
    dx[i] = accumulate ? dx[i] + d : d;
  }
}

template <class T>
AD_BODY void adam_body(const AdamStep& step, const T* g, T* p, T* m, T* v, Index n) {
  const T size = static_cast<T>(step.step_size), root_scale = static_cast<T>(step.root_scale);
  const T beta1 = static_cast<T>(step.beta1), beta2 = static_cast<T>(step.beta2);
  const T rest1 = static_cast<T>(1 - step.beta1), rest2 = static_cast<T>(1 - step.beta2);
  const T epsilon = static_cast<T>(step.epsilon), decay = static_cast<T>(step.weight_decay);
  const auto update = [&](T gradient, Index i) {
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

}  // namespace

AD_EVERY_LEVEL float row_max(const float* x, Index n) { return row_max_body(x, n); }
AD_EVERY_LEVEL double row_max(const double* x, Index n) { return row_max_body(x, n); }
AD_EVERY_LEVEL float exp_sum(float* x, Index n, float shift) { return exp_sum_body(x, n, shift); }
AD_EVERY_LEVEL double exp_sum(double* x, Index n, double shift) { return exp_sum_body(x, n, shift); }
AD_EVERY_LEVEL void exp_scale(float* x, Index n, float shift, float scale) { exp_scale_body(x, n, shift, scale); }
AD_EVERY_LEVEL void exp_scale(double* x, Index n, double shift, double scale) { exp_scale_body(x, n, shift, scale); }
AD_EVERY_LEVEL float dot(const float* x, const float* y, Index n) { return dot_body(x, y, n); }
AD_EVERY_LEVEL double dot(const double* x, const double* y, Index n) { return dot_body(x, y, n); }
AD_EVERY_LEVEL void axpy(float a, const float* x, float* y, Index n) { axpy_body(a, x, y, n); }
AD_EVERY_LEVEL void axpy(double a, const double* x, double* y, Index n) { axpy_body(a, x, y, n); }
AD_EVERY_LEVEL void swish(const float* x, float* out, Index n) { swish_body(x, out, n); }
AD_EVERY_LEVEL void swish(const double* x, double* out, Index n) { swish_body(x, out, n); }
AD_EVERY_LEVEL void swish_backward(const float* x, const float* g, float* dx, Index n, bool accumulate) {
  swish_backward_body(x, g, dx, n, accumulate);
}
AD_EVERY_LEVEL void swish_backward(const double* x, const double* g, double* dx, Index n, bool accumulate) {
  swish_backward_body(x, g, dx, n, accumulate);
}
AD_EVERY_LEVEL void adam(const AdamStep& step, const float* g, float* p, float* m, float* v, Index n) {
  adam_body(step, g, p, m, v, n);
}
AD_EVERY_LEVEL void adam(const AdamStep& step, const double* g, double* p, double* m, double* v, Index n) {
  adam_body(step, g, p, m, v, n);
}

}  // namespace ad::kernels
