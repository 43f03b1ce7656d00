// The matrix product of the ops, on all threads.
#pragma once

#include "api.h"
#include "blas.h"

namespace ad {

/// C[m, n] = alpha * op(A)[m, k] * op(B)[k, n] + beta * C, cut into blocks of C by sizes alone, which run in parallel:
/// so the bits do not depend on the number of threads. beta 0 does not read C.
template <class T>
RECVAE_API void gemm(Index m, Index n, Index k, T alpha, blas::Operand<T> a, blas::Operand<T> b, T beta, T* c,
                     Index c_stride);

}  // namespace ad
