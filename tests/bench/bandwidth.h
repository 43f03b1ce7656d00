// The loops that measure the memory.
#pragma once

#include "autodiff/tensor.h"

namespace recvae::bench {

/// a[i] <- b[i] + s c[i]
void triad(float* a, const float* b, const float* c, float s, ad::Index n);

/// Sum of x, in any order; n is a multiple of 32.
float read_all(const float* x, ad::Index n);

}  // namespace recvae::bench
