#include "bandwidth.h"

namespace recvae::bench {

void triad(float* __restrict a, const float* __restrict b, const float* __restrict c, float s, ad::Index n) {
  for (ad::Index i = 0; i < n; ++i) a[i] = b[i] + s * c[i];
}

float read_all(const float* x, ad::Index n) {
  constexpr ad::Index kLanes = 32;  // sums side by side: one chain of additions would be slower than the memory
  float sum[kLanes] = {};
  for (ad::Index i = 0; i + kLanes <= n; i += kLanes) {
    for (ad::Index k = 0; k < kLanes; ++k) sum[k] += x[i + k];
  }
  float total = 0;
  for (float v : sum) total += v;
  return total;
}

}  // namespace recvae::bench
