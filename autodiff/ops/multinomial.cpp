#include "multinomial.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "../blas.h"
#include "../kernels.h"

namespace ad::detail {
namespace {

// Items pass in tiles that fit a core's cache beside the batch. Tiles are dealt to a fixed number of shards in runs;
// a shard has results of its own, which one fixed tree combines: the same bits for any number of threads.
constexpr Index kTile = 256;
constexpr Index kShards = 24;

struct Tiling {
  Index items;
  Index tiles = (items + kTile - 1) / kTile;
  Index shards = std::min(kShards, tiles);

  /// The first tile of a shard; every shard has one. Where there are many, runs become shorter, from 1.5 times the mean
  /// to half of it: threads that draw one after the other then end together.
  Index first_tile(Index shard) const {
    return tiles < 2 * kShards ? tiles * shard / shards : tiles * shard * (3 * shards - shard) / (2 * shards * shards);
  }

  /// Runs f(tile, first item, number of items) for each tile of a shard.
  template <class F>
  void for_tiles(Index shard, F f) const {
    for (Index tile = first_tile(shard); tile < first_tile(shard + 1); ++tile) {
      f(tile, tile * kTile, std::min(kTile, items - tile * kTile));
    }
  }
};

/// z weight^T [batch, width] of the tile that begins at `first`: logits without their bias.
template <class T>
void tile_product(const blas::Session& blas, ConstMatrix<T> z, ConstMatrix<T> weight, Index first, Index width,
                  T* product) {
  blas.gemm(z.rows, width, z.cols, T(1), blas::Operand<T>{z.data, z.cols},
            blas::Operand<T>{weight.row(first), weight.cols, true}, T(0), product, width);
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
                                        ConstMatrix<T> weight, ConstMatrix<T> bias, bool with_dz, Index kept_bytes,
                                        Matrix<T> out) {
  const Index batch = z.rows, latent = z.cols;
  const kernels::Loops<T>& loops = kernels::loops<T>();
  MultinomialState<T> state{copy(tape, targets),  z,  weight,  bias, tape.alloc(batch, 1),
                            tape.alloc(batch, 1), {}, nullptr, {}};
  if (with_dz) state.dz = tape.alloc(batch, latent);

  const Tiling tiling{weight.rows};
  if (kept_bytes > 0) {
    const Index affordable = kept_bytes / static_cast<Index>(sizeof(T)) / std::max<Index>(1, batch * kTile);
    const Index kept = std::min(tiling.tiles, affordable);
    state.exponentials = tape.template alloc_array<T>(batch * std::min(kept * kTile, weight.rows)).data();
    state.shifts = tape.alloc(kept, batch);
  }
  std::span<ShardSums<T>> shards = tape.template alloc_array<ShardSums<T>>(tiling.shards);
  Matrix<T> buffers = tape.alloc(tiling.shards, batch * kTile);
  for (ShardSums<T>& s : shards) {
    s = {tape.alloc(1, batch).data, tape.alloc(1, batch).data, with_dz ? tape.alloc(batch, latent).data : nullptr};
  }
  const blas::Session blas;
  parallel_for(tiling.shards, [&](Index shard) {
    ShardSums<T>& sums = shards[static_cast<std::size_t>(shard)];
    std::fill(sums.top, sums.top + batch, -std::numeric_limits<T>::infinity());
    std::fill(sums.sum, sums.sum + batch, T(0));
    bool first_tile = true;
    tiling.for_tiles(shard, [&](Index tile, Index first, Index width) {
      const bool kept = tile < state.shifts.rows;
      T* e = kept ? state.exponentials + batch * first : buffers.row(shard);
      tile_product(blas, z, weight, first, width, e);
      for (Index u = 0; u < batch; ++u) {
        const T top = std::max(sums.top[u], loops.add_max(e + u * width, bias.data + first, width));
        const T rescale = kernels::exp(sums.top[u] - top);
        if (with_dz && !first_tile && rescale != T(1)) {
          for (Index d = 0; d < latent; ++d) sums.weighted[u * latent + d] *= rescale;
        }
        sums.top[u] = top;
        sums.sum[u] = sums.sum[u] * rescale + loops.exp_sum(e + u * width, width, top);
        if (kept) state.shifts(tile, u) = top;
      }
      if (with_dz) {
        blas.gemm(batch, latent, width, T(1), blas::Operand<T>{e, width}, blas::Operand<T>{weight.row(first), latent},
                  first_tile ? T(0) : T(1), sums.weighted, latent);
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
      for (std::int64_t at = targets.indptr[u]; at < targets.indptr[u + 1]; ++at) count += targets.value(at);
      const T rate = static_cast<T>(count / sum);
      for (Index d = 0; with_dz && d < latent; ++d) {
        state.dz(u, d) = shards.empty() ? T(0) : -rate * shards[0].weighted[u * latent + d];
      }
      for (std::int64_t at = targets.indptr[u]; at < targets.indptr[u + 1]; ++at) {
        const Index j = targets.indices[at];
        const T value = targets.value(at);
        likelihood += static_cast<double>(value) * (loops.dot(z.row(u), weight.row(j), latent) + bias.data[j] - top);
        if (with_dz) loops.axpy(value, weight.row(j), state.dz.row(u), latent);
      }
      out.data[u] = static_cast<T>(likelihood - count * std::log(static_cast<double>(sum)));
      state.top.data[u] = top;
      state.rate.data[u] = rate;
    }
  });
  return state;
}

template <class T>
void multinomial_weight_grad(Tape<T>& tape, const MultinomialState<T>& state, ConstMatrix<T> g, GradSlot<T> dweight,
                             GradSlot<T> dbias) {
  const Index batch = state.z.rows, latent = state.z.cols;
  const CsrView<T>& x = state.targets;
  const kernels::Loops<T>& loops = kernels::loops<T>();
  const Tiling tiling{state.weight.rows};
  const bool all_kept = state.shifts.rows == tiling.tiles;
  Matrix<T> buffers = tape.alloc(all_kept ? 0 : tiling.shards, batch * kTile);
  const blas::Session blas;
  parallel_for(tiling.shards, [&](Index shard) {
    tiling.for_tiles(shard, [&](Index tile, Index first, Index width) {
      const bool kept = tile < state.shifts.rows;
      T* p = kept ? state.exponentials + batch * first : buffers.row(shard);
      if (!kept) tile_product(blas, state.z, state.weight, first, width, p);
      // d out_u / d logit_uj = x_uj - n_u softmax_uj, times g_u. Sums over users: of some in T, then in double.
      T some[kTile] = {};
      double sums[kTile] = {};
      for (Index u = 0; u < batch; ++u) {
        T* row = p + u * width;
        T shift = T(0);
        if (kept) {
          shift = state.shifts(tile, u);
        } else {
          loops.add_max(row, state.bias.data + first, width);
          shift = state.top.data[u];
          loops.exp_sum(row, width, shift);
        }
        const T softmax_rate = state.rate.data[u] * kernels::exp(shift - state.top.data[u]);
        loops.scale_sum(row, width, -g.data[u] * softmax_rate, some);
        const std::int32_t* end = x.indices + x.indptr[u + 1];
        const std::int32_t* at = std::lower_bound(x.indices + x.indptr[u], end, first);
        for (; at != end && *at < first + width; ++at) {
          const T target = g.data[u] * x.value(at - x.indices);
          row[*at - first] += target;
          sums[*at - first] += target;
        }
        if (u % 32 == 31 || u == batch - 1) {
          for (Index j = 0; j < width; ++j) sums[j] += std::exchange(some[j], T(0));
        }
      }
      if (dweight) {
        blas.gemm(width, latent, batch, T(1), blas::Operand<T>{p, width, true}, blas::Operand<T>{state.z.data, latent},
                  dweight.beta(), dweight.grad.row(first), latent);
      }
      for (Index j = 0; dbias && j < width; ++j) dbias.put(first + j, static_cast<T>(sums[j]));
    });
  });
}

template MultinomialState<float> multinomial_forward(Tape<float>&, const CsrView<float>&, ConstMatrix<float>,
                                                     ConstMatrix<float>, ConstMatrix<float>, bool, Index,
                                                     Matrix<float>);
template MultinomialState<double> multinomial_forward(Tape<double>&, const CsrView<double>&, ConstMatrix<double>,
                                                      ConstMatrix<double>, ConstMatrix<double>, bool, Index,
                                                      Matrix<double>);
template void multinomial_weight_grad(Tape<float>&, const MultinomialState<float>&, ConstMatrix<float>, GradSlot<float>,
                                      GradSlot<float>);
template void multinomial_weight_grad(Tape<double>&, const MultinomialState<double>&, ConstMatrix<double>,
                                      GradSlot<double>, GradSlot<double>);

}  // namespace ad::detail
