#include "spd_inverse.h"

#include "../../autodiff/kernels/blas.h"
#include "../../autodiff/parallel.h"
#include "../../data/error.h"

namespace recvae {
namespace {

using ad::Index;
using ad::blas::Operand;

/// A square of blocks of `block` rows and columns, the last ones smaller.
struct Blocks {
  Index n, block;
  Index count() const { return (n + block - 1) / block; }
  Index begin(Index b) const { return b * block; }
  Index size(Index b) const { return std::min(block, n - b * block); }
};

// Pivots are taken so many at a time; those again so many at a time; the last ones one by one.
constexpr Index kBlock = 512, kPivots = 64;

constexpr Index kBetweenStops = 64;  // tiles: a third of a second or less

/// The whole of a [n, n], rows `stride` apart, becomes -a^-1: the sweep operator below, pivot by pivot.
template <class T>
void sweep_pivots(T* a, Index n, Index stride) {
  for (Index k = 0; k < n; ++k) {
    T* row = a + k * stride;
    if (!(row[k] > 0)) throw ad::Error("spd_inverse: the matrix is not positive definite");
    const T d = 1 / row[k];
    for (Index i = 0; i < n; ++i) {
      if (i == k) continue;
      T* other = a + i * stride;
      const T factor = other[k] * d;
      for (Index j = 0; j < n; ++j) other[j] -= factor * row[j];
      other[k] = factor;
    }
    for (Index j = 0; j < n; ++j) row[j] *= d;
    row[k] = -d;
  }
}

// The symmetric sweep operator, a block of pivots K at a time. With D = A[K,K]^-1, for all rows I and J outside of K:
//   A[I,J] -= A[I,K] D A[K,J];  A[I,K] = A[I,K] D;  A[K,K] = -D
// After all blocks A is -A^-1. Nearly all of it is the first update: products of fixed tiles, which run in parallel.
// (Beaton 1964; Goodnight 1979. Without pivoting it is as safe as Cholesky's method, for the same matrices.)
// Reads the lower triangle of a [n, n], rows `stride` apart, and leaves the whole.
template <class T>
void sweep(const ad::blas::Session& session, T* a, Index n, Index stride, Index block,
           const std::function<bool()>& stop = {}) {
  const Blocks blocks{n, block};
  const auto mirror = [&] {
    ad::parallel_for(blocks.count(), [&](Index bi) {
      for (Index bj = 0; bj <= bi; ++bj) {
        for (Index i = blocks.begin(bi); i < blocks.begin(bi) + blocks.size(bi); ++i) {
          const Index end = std::min(i, blocks.begin(bj) + blocks.size(bj));
          for (Index j = blocks.begin(bj); j < end; ++j) a[j * stride + i] = a[i * stride + j];
        }
      }
    });
  };
  if (n <= kPivots) {
    mirror();
    return sweep_pivots(a, n, stride);
  }
  const Index panel = std::min(n, block);
  ad::Tensor<T> before(n, panel), after(n, panel);  // the columns K, and these times -D
  for (Index k = 0; k < blocks.count(); ++k) {
    const Index first = blocks.begin(k), width = blocks.size(k);
    T* const pivot = a + first * stride + first;
    sweep(session, pivot, width, stride, kPivots);
    const auto column = [&](Index i, Index j) -> T& {  // of K, in the lower triangle
      return i > first ? a[i * stride + first + j] : a[(first + j) * stride + i];
    };
    ad::parallel_for(blocks.count(), [&](Index b) {
      if (b == k) return;
      const Index row = blocks.begin(b), rows = blocks.size(b);
      for (Index i = row; i < row + rows; ++i) {
        for (Index j = 0; j < width; ++j) before(i, j) = column(i, j);
      }
      session.gemm(rows, width, width, T(1), Operand<T>{&before(row, 0), panel}, Operand<T>{pivot, stride}, T(0),
                   &after(row, 0), panel);
    });
    const auto update = [&](Index tile) {
      Index bi = 0;
      while ((bi + 1) * (bi + 2) / 2 <= tile) ++bi;
      const Index bj = tile - bi * (bi + 1) / 2, row = blocks.begin(bi), col = blocks.begin(bj);
      if (bi == k || bj == k) return;
      session.gemm(blocks.size(bi), blocks.size(bj), width, T(1), Operand<T>{&after(row, 0), panel},
                   Operand<T>{&before(col, 0), panel, true}, T(1), a + row * stride + col, stride);
    };
    const Index tiles = blocks.count() * (blocks.count() + 1) / 2, between = stop ? kBetweenStops : tiles;
    for (Index done = 0; done < tiles; done += between) {
      if (stop && stop()) throw data::Stopped();
      ad::parallel_for(std::min(between, tiles - done), [&](Index tile) { update(done + tile); });
    }
    ad::parallel_for(blocks.count(), [&](Index b) {
      for (Index i = blocks.begin(b); b != k && i < blocks.begin(b) + blocks.size(b); ++i) {
        for (Index j = 0; j < width; ++j) column(i, j) = -after(i, j);
      }
    });
  }
  mirror();
}

}  // namespace

template <class T>
void spd_inverse(ad::Matrix<T> a, const std::function<bool()>& stop) {
  if (a.rows != a.cols) throw ad::ShapeError("spd_inverse: expected a square matrix, found " + shape_string(a));
  const ad::blas::Session session;
  sweep(session, a.data, a.rows, a.cols, kBlock, stop);
  ad::parallel_chunks(a.size(), ad::kChunk, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) a.data[i] = -a.data[i];
  });
}

template void spd_inverse(ad::Matrix<float>, const std::function<bool()>&);
template void spd_inverse(ad::Matrix<double>, const std::function<bool()>&);

}  // namespace recvae
