#include "spd_inverse.h"

#include "../../autodiff/kernels/blas.h"
#include "../../autodiff/parallel.h"

namespace ad {
namespace {

constexpr Index kBlock = 512;

/// A square of blocks of kBlock rows and columns, the last ones smaller.
struct Blocks {
  Index n;
  Index count() const { return (n + kBlock - 1) / kBlock; }
  Index begin(Index b) const { return b * kBlock; }
  Index size(Index b) const { return std::min(kBlock, n - b * kBlock); }
};

/// The lower triangle of `a` becomes -a, and the upper one its mirror.
template <class T>
void negate_and_mirror(Matrix<T> a, const Blocks& blocks) {
  parallel_for(blocks.count(), [&](Index bi) {
    for (Index bj = 0; bj <= bi; ++bj) {
      for (Index i = blocks.begin(bi); i < blocks.begin(bi) + blocks.size(bi); ++i) {
        const Index end = std::min(i + 1, blocks.begin(bj) + blocks.size(bj));
        for (Index j = blocks.begin(bj); j < end; ++j) a(j, i) = a(i, j) = -a(i, j);
      }
    }
  });
}

}  // namespace

// The symmetric sweep operator, a block of pivots K at a time. With D = A[K,K]^-1, for all rows I and J outside of K:
//   A[I,J] -= A[I,K] D A[K,J];  A[I,K] = A[I,K] D;  A[K,K] = -D
// After all blocks A is -A^-1. Nearly all of it is the first update: products of fixed tiles, which run in parallel.
// (Beaton 1964; Goodnight 1979. Without pivoting it is as safe as Cholesky's method, for the same matrices.)
template <class T>
void spd_inverse(Matrix<T> a) {
  if (a.rows != a.cols) throw ShapeError("spd_inverse: expected a square matrix, found " + shape_string(a));
  const Index n = a.rows;
  const Blocks blocks{n};
  const blas::Session session;
  Tensor<T> before(n, std::min(n, kBlock)), after(n, std::min(n, kBlock));  // the columns K, and these times D
  for (Index k = 0; k < blocks.count(); ++k) {
    const Index first = blocks.begin(k), width = blocks.size(k), stride = before.cols();
    T* const pivot = &a(first, first);
    session.invert(width, pivot, n);
    for (Index i = 0; i < width; ++i) {
      for (Index j = 0; j < i; ++j) pivot[j * n + i] = pivot[i * n + j];
    }
    parallel_for(blocks.count(), [&](Index b) {
      if (b == k) return;
      const Index row = blocks.begin(b), rows = blocks.size(b);
      for (Index i = row; i < row + rows; ++i) {
        for (Index j = 0; j < width; ++j) before(i, j) = b > k ? a(i, first + j) : a(first + j, i);
      }
      session.gemm(rows, width, width, T(1), blas::Operand<T>{&before(row, 0), stride}, blas::Operand<T>{pivot, n},
                   T(0), &after(row, 0), stride);
    });
    parallel_for(blocks.count() * (blocks.count() + 1) / 2, [&](Index tile) {
      Index bi = 0;
      while ((bi + 1) * (bi + 2) / 2 <= tile) ++bi;
      const Index bj = tile - bi * (bi + 1) / 2, row = blocks.begin(bi), col = blocks.begin(bj);
      if (bi == k || bj == k) return;
      session.gemm(blocks.size(bi), blocks.size(bj), width, T(-1), blas::Operand<T>{&after(row, 0), stride},
                   blas::Operand<T>{&before(col, 0), stride, true}, T(1), &a(row, col), n);
    });
    parallel_for(blocks.count(), [&](Index b) {
      for (Index i = blocks.begin(b); i < blocks.begin(b) + blocks.size(b); ++i) {
        for (Index j = 0; j < width; ++j) {
          if (b == k)
            pivot[(i - first) * n + j] = -pivot[(i - first) * n + j];
          else
            (b > k ? a(i, first + j) : a(first + j, i)) = after(i, j);
        }
      }
    });
  }
  negate_and_mirror(a, blocks);
}

template void spd_inverse(Matrix<float>);
template void spd_inverse(Matrix<double>);

}  // namespace ad
