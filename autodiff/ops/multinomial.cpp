#include "multinomial.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../blas.h"
#include "../kernels.h"

namespace ad::detail {
namespace {

// Items pass in tiles that fit a core's cache beside the batch. Tiles are dealt to a fixed number of shards in runs;
// a shard has results of its own, which one fixed tree combines: the same bits for any number of threads.
constexpr Index kTile = 256;
constexpr Index kShards = 16;

struct Tiling {
  Index items;
  Index tiles = (items + kTile - 1) / kTile;
  Index shards = std::min(kShards, tiles);

  /// Runs f(first item, number of items) for each tile of a shard.
  template <class F>
  void for_tiles(Index shard, F f) const {
    for (Index tile = tiles * shard / shards; tile < tiles * (shard + 1) / shards; ++tile) {
      f(tile * kTile, std::min(kTile, items - tile * kTile));
    }
  }
};

/// logits [batch, width] of the tile that begins at `first`.
template <class T>
void tile_logits(const blas::Session& blas, ConstMatrix<T> z, ConstMatrix<T> weight, ConstMatrix<T> bias, Index first,
                 Index width, T* logits) {
  blas.gemm(z.rows, width, z.cols, T(1), blas::Operand<T>{z.data, z.cols},
            blas::Operand<T>{weight.row(first), weight.cols, true}, T(0), logits, width);
  for (Index u = 0; u < z.rows; ++u) kernels::axpy(T(1), bias.data + first, logits + u * width, width);
}

/// Softmax sums over the items of one shard: per row the largest logit so far, the sum of e^(logit - top), and the sum
/// of e^(logit - top) weight_j. Rows rescale when their top grows (Milakov & Gimelshein 2018).
template <class T>
struct ShardSums {
  T* top;       // [batch]
  T* sum;       // [batch]
  T* weighted;  // [batch, latent], or null

  void merge(const ShardSums& other, Index u, Index latent) {
    const T joint = std::max(top[u], other.top[u]);
    const T mine = kernels::exp(top[u] - joint), theirs = kernels::exp(other.top[u] - joint);
    top[u] = joint;
    sum[u] = sum[u] * mine + other.sum[u] * theirs;
    if (!weighted) return;
    T* a = weighted + u * latent;
    const T* b = other.weighted + u * latent;
    for (Index d = 0; d < latent; ++d) a[d] = a[d] * mine + b[d] * theirs;
  }
};

}  // namespace

template <class T>
MultinomialState<T> multinomial_forward(Tape<T>& tape, const CsrView<T>& targets, ConstMatrix<T> z,
                                        ConstMatrix<T> weight, ConstMatrix<T> bias, bool with_dz, Matrix<T> out) {
  const Index batch = z.rows, latent = z.cols;
  MultinomialState<T> state{copy(tape, targets), z, weight, bias, tape.alloc(batch, 1), tape.alloc(batch, 1), {}};
  if (with_dz) state.dz = tape.alloc(batch, latent);

  const Tiling tiling{weight.rows};
  std::span<ShardSums<T>> shards = tape.template alloc_array<ShardSums<T>>(tiling.shards);
  Matrix<T> logits = tape.alloc(tiling.shards, batch * kTile);
  for (ShardSums<T>& s : shards) {
    s = {tape.alloc(1, batch).data, tape.alloc(1, batch).data, with_dz ? tape.alloc(batch, latent).data : nullptr};
  }
  const blas::Session blas;
  parallel_for(tiling.shards, [&](Index shard) {
    ShardSums<T>& sums = shards[static_cast<std::size_t>(shard)];
    std::fill(sums.top, sums.top + batch, -std::numeric_limits<T>::infinity());
    std::fill(sums.sum, sums.sum + batch, T(0));
    bool first_tile = true;
    tiling.for_tiles(shard, [&](Index first, Index width) {
      T* tile = logits.row(shard);
      tile_logits(blas, z, weight, bias, first, width, tile);
      for (Index u = 0; u < batch; ++u) {
        const T top = std::max(sums.top[u], kernels::row_max(tile + u * width, width));
        const T rescale = kernels::exp(sums.top[u] - top);
        if (with_dz && !first_tile && rescale != T(1)) {
          for (Index d = 0; d < latent; ++d) sums.weighted[u * latent + d] *= rescale;
        }
        sums.top[u] = top;
        sums.sum[u] = sums.sum[u] * rescale + kernels::exp_sum(tile + u * width, width, top);
      }
      if (with_dz) {
        blas.gemm(batch, latent, width, T(1), blas::Operand<T>{tile, width},
                  blas::Operand<T>{weight.row(first), latent}, first_tile ? T(0) : T(1), sums.weighted, latent);
      }
      first_tile = false;
    });
  });

  parallel_chunks(batch, 8, [&](Index begin, Index end) {
    for (Index u = begin; u < end; ++u) {
      for (std::size_t step = 1; step < shards.size(); step *= 2) {
        for (std::size_t s = 0; s + step < shards.size(); s += 2 * step) shards[s].merge(shards[s + step], u, latent);
      }
      // Logits count from the top, so that they keep their digits when they are large.
      const T top = shards.empty() ? T(0) : shards[0].top[u], sum = shards.empty() ? T(1) : shards[0].sum[u];
      double likelihood = 0, count = 0;
      for (std::int64_t at = targets.indptr[u]; at < targets.indptr[u + 1]; ++at) {
        const Index j = targets.indices[at];
        likelihood += static_cast<double>(targets.value(at)) *
                      (kernels::dot(z.row(u), weight.row(j), latent) + bias.data[j] - top);
        count += targets.value(at);
      }
      out.data[u] = static_cast<T>(likelihood - count * std::log(static_cast<double>(sum)));
      state.top.data[u] = top;
      state.rate.data[u] = static_cast<T>(count / sum);
      if (with_dz) {
        for (Index d = 0; d < latent; ++d) {
          state.dz(u, d) = shards.empty() ? T(0) : -state.rate.data[u] * shards[0].weighted[u * latent + d];
        }
        for (std::int64_t at = targets.indptr[u]; at < targets.indptr[u + 1]; ++at) {
          kernels::axpy(targets.value(at), weight.row(targets.indices[at]), state.dz.row(u), latent);
        }
      }
    }
  });
  return state;
}

template <class T>
void multinomial_weight_grad(Tape<T>& tape, const MultinomialState<T>& state, ConstMatrix<T> g, GradSlot<T> dweight,
                             GradSlot<T> dbias) {
  const Index batch = state.z.rows, latent = state.z.cols;
  const CsrView<T>& x = state.targets;
  const Tiling tiling{state.weight.rows};
  Matrix<T> logits = tape.alloc(tiling.shards, batch * kTile);
  const blas::Session blas;
  parallel_for(tiling.shards, [&](Index shard) {
    T* tile = logits.row(shard);
    tiling.for_tiles(shard, [&](Index first, Index width) {
      // d out_u / d logit_uj = x_uj - n_u softmax_uj, times g_u
      tile_logits(blas, state.z, state.weight, state.bias, first, width, tile);
      for (Index u = 0; u < batch; ++u) {
        kernels::exp_scale(tile + u * width, width, state.top.data[u], -g.data[u] * state.rate.data[u]);
        const std::int32_t* end = x.indices + x.indptr[u + 1];
        const std::int32_t* at = std::lower_bound(x.indices + x.indptr[u], end, first);
        for (; at != end && *at < first + width; ++at)
          tile[u * width + *at - first] += g.data[u] * x.value(at - x.indices);
      }
      if (dweight) {
        blas.gemm(width, latent, batch, T(1), blas::Operand<T>{tile, width, true},
                  blas::Operand<T>{state.z.data, latent}, dweight.beta(), dweight.grad.row(first), latent);
      }
      if (dbias) {
        for (Index j = 0; j < width; ++j) {
          double sum = 0;
          for (Index u = 0; u < batch; ++u) sum += tile[u * width + j];
          dbias.put(first + j, static_cast<T>(sum));
        }
      }
    });
  });
}

template MultinomialState<float> multinomial_forward(Tape<float>&, const CsrView<float>&, ConstMatrix<float>,
                                                     ConstMatrix<float>, ConstMatrix<float>, bool, Matrix<float>);
template MultinomialState<double> multinomial_forward(Tape<double>&, const CsrView<double>&, ConstMatrix<double>,
                                                      ConstMatrix<double>, ConstMatrix<double>, bool, Matrix<double>);
template void multinomial_weight_grad(Tape<float>&, const MultinomialState<float>&, ConstMatrix<float>, GradSlot<float>,
                                      GradSlot<float>);
template void multinomial_weight_grad(Tape<double>&, const MultinomialState<double>&, ConstMatrix<double>,
                                      GradSlot<double>, GradSlot<double>);

}  // namespace ad::detail
