#include "multinomial.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../kernels/loops.h"
#include "../kernels/product.h"
#include "../parallel.h"

namespace ad::detail {
namespace {

// Items pass in tiles that fit a core's cache beside the batch. Tiles are dealt to a fixed number of shards in runs;
// a shard has results of its own, which one fixed tree combines: the same bits for any number of threads.
constexpr Index kTile = 256;
constexpr Index kShards = 24;
// Users whose shards are combined in a task.
constexpr Index kUsers = 8;

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

/// Numbers between the users of one item and those of the next in a tile: so that the rows of a tile do not all fall
/// into the same few places of a cache.
template <class T>
Index tile_stride(Index batch) {
  constexpr Index kLine = 64 / static_cast<Index>(sizeof(T));
  return (batch + kLine - 1) / kLine * kLine + kLine;
}

/// z packed for tile_product().
template <class T>
const T* pack(Tape<T>& tape, ConstMatrix<T> z) {
  T* packed = tape.template alloc_array<T>(kernels::packed_size(z.cols, z.rows)).data();
  kernels::pack(z, packed);
  return packed;
}

/// weight z^T [width, batch] of the tile that begins at `first`: logits without their bias.
template <class T>
void tile_product(ConstMatrix<T> weight, Index first, Index width, const T* packed_z, Index batch, T* tile) {
  kernels::multiply<T>({width, batch, weight.cols, weight.row(first), weight.cols, 1, packed_z, kernels::kPanel,
                        weight.cols * kernels::kPanel, tile, tile_stride<T>(batch), false});
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
    kernels::loops<T>().blend(mine, weighted + u * latent, theirs, other.weighted + u * latent, latent);
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
  const Index stride = tile_stride<T>(batch);
  if (kept_bytes > 0) {
    const Index affordable = kept_bytes / static_cast<Index>(sizeof(T)) / (stride * kTile);
    const Index kept = std::min(tiling.tiles, affordable);
    // As much as any batch may take, lest a smaller one of which more tiles fit makes the tape grow.
    const Index numbers = kept_bytes / static_cast<Index>(sizeof(T));
    state.exponentials = tape.template alloc_array<T>(std::min(numbers, stride * weight.rows)).data();
    state.shifts = {tape.template alloc_array<T>(std::min(numbers / kTile, batch * tiling.tiles)).data(), kept, batch};
  }
  const T* packed_z = pack(tape, z);
  std::span<ShardSums<T>> shards = tape.template alloc_array<ShardSums<T>>(tiling.shards);
  const bool all_kept = state.shifts.rows == tiling.tiles;
  const Index workers = std::min<Index>(threads(), kShards);  // each has a tile of memory
  Matrix<T> buffers = tape.alloc(all_kept ? 0 : workers, stride * kTile), rescales = tape.alloc(workers, batch);
  for (ShardSums<T>& s : shards) {
    s = {tape.alloc(1, batch).data, tape.alloc(1, batch).data, with_dz ? tape.alloc(batch, latent).data : nullptr};
  }
  parallel_for_workers(tiling.shards, workers, [&](Index shard, Index worker) {
    ShardSums<T>& sums = shards[static_cast<std::size_t>(shard)];
    std::fill(sums.top, sums.top + batch, std::numeric_limits<T>::lowest());  // finite: see softmax_columns
    std::fill(sums.sum, sums.sum + batch, T(0));
    T* rescale = rescales.row(worker);
    bool first_tile = true;
    tiling.for_tiles(shard, [&](Index tile, Index first, Index width) {
      const bool kept = tile < state.shifts.rows;
      T* e = kept ? state.exponentials + stride * first : buffers.row(worker);
      tile_product(weight, first, width, packed_z, batch, e);
      loops.softmax_columns(e, width, stride, batch, bias.data + first, sums.top, sums.sum, rescale);
      if (kept) std::copy_n(sums.top, batch, state.shifts.row(tile));
      if (with_dz) {
        for (Index u = 0; !first_tile && u < batch; ++u) {
          if (rescale[u] == T(1)) continue;
          for (Index d = 0; d < latent; ++d) sums.weighted[u * latent + d] *= rescale[u];
        }
        kernels::multiply<T>({batch, latent, width, e, 1, stride, weight.row(first), latent, kernels::kPanel,
                              sums.weighted, latent, !first_tile});
      }
      first_tile = false;
    });
  });

  Matrix<T> positives = tape.alloc(with_dz ? 0 : workers, latent);
  parallel_for_workers((batch + kUsers - 1) / kUsers, workers, [&](Index task, Index worker) {
    for (Index u = task * kUsers; u < std::min(batch, (task + 1) * kUsers); ++u) {
      for (std::size_t step = 1; step < shards.size(); step *= 2) {
        for (std::size_t s = 0; s + step < shards.size(); s += 2 * step) shards[s].merge(shards[s + step], u, latent);
      }
      // Biases count from the top, so that they keep their digits when they are large.
      const T top = shards.empty() ? T(0) : shards[0].top[u], sum = shards.empty() ? T(1) : shards[0].sum[u];
      double count = 0;
      for (std::int64_t at = targets.indptr[u]; at < targets.indptr[u + 1]; ++at) count += targets.value(at);
      const T rate = sum == T(0) ? T(0) : static_cast<T>(count / sum);  // logits of -inf alone: a softmax of zeros
      // sum_j x_uj weight_j is both the positive part of dz and, times z_u, the likelihood's.
      T* positive = with_dz ? state.dz.row(u) : positives.row(worker);
      std::fill(positive, positive + latent, T(0));
      const std::int64_t first = targets.indptr[u];
      loops.add_rows(targets.values ? targets.values + first : nullptr, T(1), targets.indices + first,
                     targets.indptr[u + 1] - first, weight.data, latent, positive);
      double likelihood = loops.dot(z.row(u), positive, latent);
      for (std::int64_t at = first; at < targets.indptr[u + 1]; ++at)
        likelihood += static_cast<double>(targets.value(at)) * (bias.data[targets.indices[at]] - top);
      if (with_dz && !shards.empty()) loops.axpy(-rate, shards[0].weighted + u * latent, positive, latent);
      out.data[u] = static_cast<T>(sum == T(0) ? likelihood : likelihood - count * std::log(static_cast<double>(sum)));
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
  const Index stride = tile_stride<T>(batch);
  const bool all_kept = state.shifts.rows == tiling.tiles;
  const T* packed_z = all_kept ? nullptr : pack(tape, state.z);
  const Index workers = std::min<Index>(threads(), kShards);
  Matrix<T> buffers = tape.alloc(all_kept ? 0 : workers, stride * kTile), columns = tape.alloc(3 * workers, batch);
  parallel_for_workers(tiling.shards, workers, [&](Index shard, Index worker) {
    T *scale = columns.row(3 * worker), *top = columns.row(3 * worker + 1), *unused = columns.row(3 * worker + 2);
    tiling.for_tiles(shard, [&](Index tile, Index first, Index width) {
      const bool kept = tile < state.shifts.rows;
      T* p = kept ? state.exponentials + stride * first : buffers.row(worker);
      if (kept) {
        for (Index u = 0; u < batch; ++u) scale[u] = kernels::exp(state.shifts(tile, u) - state.top.data[u]);
      } else {
        tile_product(state.weight, first, width, packed_z, batch, p);
        std::copy_n(state.top.data, batch, top);
        std::fill_n(unused, batch, T(0));
        loops.softmax_columns(p, width, stride, batch, state.bias.data + first, top, unused, scale);
        std::fill(scale, scale + batch, T(1));
      }
      // d out_u / d logit_uj = x_uj - n_u softmax_uj, times g_u
      for (Index u = 0; u < batch; ++u) scale[u] *= -g.data[u] * state.rate.data[u];
      T sums[kTile];
      loops.scale_columns(p, width, stride, batch, scale, sums);
      for (Index u = 0; u < batch; ++u) {
        const std::int32_t* end = x.indices + x.indptr[u + 1];
        const std::int32_t* at = std::lower_bound(x.indices + x.indptr[u], end, first);
        for (; at != end && *at < first + width; ++at) {
          const T target = g.data[u] * x.value(at - x.indices);
          p[(*at - first) * stride + u] += target;
          sums[*at - first] += target;
        }
      }
      if (dweight) {
        kernels::multiply<T>({width, latent, batch, p, stride, 1, state.z.data, latent, kernels::kPanel,
                              dweight.grad.row(first), latent, dweight.accumulate});
      }
      for (Index j = 0; dbias && j < width; ++j) dbias.put(first + j, sums[j]);
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
