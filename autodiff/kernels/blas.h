// BLAS, on one thread per call.
#pragma once

#include <string>

#include "../tensor.h"
#include "api.h"

namespace ad::blas {

/// One GEMM operand: row-major memory with its leading dimension, used as it is or transposed.
template <class T>
struct Operand {
  const T* data;            ///< its first element
  Index stride;             ///< elements between two rows in memory
  bool transposed = false;  ///< is op(A) its transpose?
};

/// Rows of op(A) from `from` on.
template <class T>
Operand<T> skip_rows(Operand<T> a, Index from) {
  return {a.data + (a.transposed ? from : from * a.stride), a.stride, a.transposed};
}
/// Columns of op(A) from `from` on.
template <class T>
Operand<T> skip_cols(Operand<T> a, Index from) {
  return {a.data + (a.transposed ? from * a.stride : from), a.stride, a.transposed};
}

/// While one lives, BLAS runs on one thread per call (the host's number comes back with the last one, of any thread).
/// Made before tasks are started, used inside them.
class RECVAE_API Session {
 public:
  Session();
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// C[m, n] = alpha * op(A)[m, k] * op(B)[k, n] + beta * C, on the calling thread. beta 0 does not read C.
  template <class T>
  void gemm(Index m, Index n, Index k, T alpha, Operand<T> a, Operand<T> b, T beta, T* c, Index c_stride) const;
};

/// The BLAS in use and the kernels that it chose, such as "OpenBLAS 0.3.21 Cooperlake".
RECVAE_API std::string description();

/// Are these kernels for narrower vectors than the processor has, as an environment that names others makes them?
RECVAE_API bool kernels_are_narrower_than_processor();

}  // namespace ad::blas
