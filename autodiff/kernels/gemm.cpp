#include "gemm.h"

#include "../parallel.h"
#include "product.h"

namespace ad {
namespace {

using blas::Operand;

/// Single-threaded BLAS calls on blocks of rows or columns; the inner dimension is never cut.
template <class T>
void by_blas(Index m, Index n, Index k, T alpha, Operand<T> a, Operand<T> b, T beta, T* c, Index c_stride) {
  const blas::Session session;
  // Blocks of about 150 along the longer side of C, an even number of them so that two cores share them fairly. Each
  // packs all of the other operand anew: 8 blocks of 500 x 600 x 600 take 10 % longer than 4, and 2 are 3 % faster.
  constexpr Index kBlock = 200;
  const bool by_rows = m >= n;
  const Index side = by_rows ? m : n;
  Index blocks = m * n * k < Index{1} << 18 ? 1 : std::max<Index>(1, (side + kBlock / 2) / kBlock);
  if (blocks > 1) blocks += blocks % 2;
  parallel_for(blocks, [&](Index block) {
    const Index begin = side * block / blocks, count = side * (block + 1) / blocks - begin;
    if (by_rows) {
      session.gemm(count, n, k, alpha, skip_rows(a, begin), b, beta, c + begin * c_stride, c_stride);
    } else {
      session.gemm(m, count, k, alpha, a, skip_cols(b, begin), beta, c + begin, c_stride);
    }
  });
}

// How much of the inner dimension by_kernel() packs at a time.
constexpr Index kPiece = 256;

/// C (+)= op(A) op(B) by kernels::multiply, at most kPanel columns of it. A transposed B is packed piece by piece.
template <class T>
void columns_by_kernel(Index m, Index n, Index k, Operand<T> a, Operand<T> b, bool accumulate, T* c, Index c_stride) {
  const Index a_row = a.transposed ? 1 : a.stride, a_col = a.transposed ? a.stride : 1;
  if (!b.transposed) {
    kernels::multiply<T>({m, n, k, a.data, a_row, a_col, b.data, b.stride, kernels::kPanel, c, c_stride, accumulate});
    return;
  }
  T packed[kernels::kPanel * kPiece];
  for (Index first = 0; first < k; first += kPiece) {
    const Index piece = std::min(kPiece, k - first);
    kernels::pack_panel(b.data + first, b.stride, n, piece, 0, packed);
    kernels::multiply<T>({m, n, piece, a.data + first * a_col, a_row, a_col, packed, kernels::kPanel,
                          kernels::kPanel * piece, c, c_stride, accumulate || first > 0});
  }
}

/// A panel of columns per task; what is left beyond the last whole one in pieces, so that two threads end together.
template <class T>
void by_kernel(Index m, Index n, Index k, Operand<T> a, Operand<T> b, bool accumulate, T* c, Index c_stride) {
  constexpr Index kLast = 16;
  const Index panels = n / kernels::kPanel, whole = panels * kernels::kPanel;
  parallel_for(panels + (n - whole + kLast - 1) / kLast, [&](Index task) {
    const Index begin = task < panels ? task * kernels::kPanel : whole + (task - panels) * kLast;
    const Index count = task < panels ? kernels::kPanel : std::min(kLast, n - begin);
    columns_by_kernel(m, count, k, a, skip_cols(b, begin), accumulate, c + begin, c_stride);
  });
}

}  // namespace

template <class T>
void gemm(Index m, Index n, Index k, T alpha, Operand<T> a, Operand<T> b, T beta, T* c, Index c_stride) {
  // Where vectors are 512 bits wide the kernel, which copies less, is faster than BLAS by 6 to 14 % at the sizes of
  // hidden layers (500 x 600 x 600, measured); with narrower ones it is not.
  const bool plain = alpha == T(1) && (beta == T(0) || beta == T(1));
  constexpr Index kLarge = Index{1} << 24;
  if (plain && kernels::level() == kernels::Level::v4 && n >= kernels::kPanel && m * n * k >= kLarge)
    by_kernel(m, n, k, a, b, beta == T(1), c, c_stride);
  else
    by_blas(m, n, k, alpha, a, b, beta, c, c_stride);
}

template void gemm(Index, Index, Index, float, Operand<float>, Operand<float>, float, float*, Index);
template void gemm(Index, Index, Index, double, Operand<double>, Operand<double>, double, double*, Index);

}  // namespace ad
