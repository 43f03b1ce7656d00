#include "implicit_slim.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "../../autodiff/kernels/blas.h"
#include "../../autodiff/kernels/loops.h"
#include "../../autodiff/parallel.h"
#include "../../data/filter/filters.h"
#include "../baselines/spd_inverse.h"

namespace recvae {
namespace {

using ad::Index;
using ad::blas::Operand;
using data::as_size;

// Columns that are multiplied by X^T X together: those of all items stay in the cache, those of a user in registers.
constexpr Index kPanel = 32;
// Items whose outer products are summed at once.
constexpr Index kBlock = 1024;

/// out <- X^T X in, both [items, kPanel], user after user.
template <class T>
void multiply_by_pairs(const data::Csr& x, const std::vector<T>& in, std::vector<T>& out) {
  const auto& loops = ad::kernels::loops<T>();
  std::fill(out.begin(), out.end(), T(0));
  for (std::int64_t u = 0; u < x.rows(); ++u) {
    const std::span<const std::int32_t> items = x.row(u);
    T sum[kPanel] = {};
    loops.add_rows(nullptr, T(1), items.data(), std::ssize(items), in.data(), kPanel, sum);
    for (const std::int32_t item : items) {
      T* const row = out.data() + item * kPanel;
      for (Index j = 0; j < kPanel; ++j) row[j] += sum[j];
    }
  }
}

/// The largest that leaves 85 % of all interactions.
std::int64_t default_threshold(std::vector<std::int64_t> counts) {
  std::ranges::sort(counts, std::greater<>());
  const double all = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  double left = 0;
  for (const std::int64_t count : counts) {
    left += static_cast<double>(count);
    if (left >= 0.85 * all) return count;
  }
  return 0;
}

/// What an item's row has to be known by.
struct Item {
  bool lends;     // its embedding is a column of A
  double shrink;  // the square of its entry of D
};

/// B^T [items, dimension], a panel of columns after another.
template <class T>
ad::Tensor<T> second_product(const data::Csr& x, const std::vector<Item>& items, double lambda,
                             ad::ConstMatrix<T> weight) {
  ad::Tensor<T> b(weight.rows, weight.cols);
  const Index panels = (weight.cols + kPanel - 1) / kPanel;
  ad::parallel_for(panels, [&](Index panel) {
    const Index first = panel * kPanel, width = std::min(kPanel, weight.cols - first);
    std::vector<T> in(as_size(weight.rows * kPanel), T(0)), out(in.size());
    const auto place = [&](Index i) { return as_size(i * kPanel); };
    for (Index i = 0; i < weight.rows; ++i) {
      if (items[as_size(i)].lends) std::copy_n(weight.row(i) + first, width, &in[place(i)]);
    }
    multiply_by_pairs(x, in, out);
    for (Index i = 0; i < weight.rows; ++i) {
      const auto shrink = static_cast<T>(items[as_size(i)].shrink);
      for (std::size_t k = place(i); k < place(i + 1); ++k)
        in[k] = (static_cast<T>(lambda) * in[k] + out[k]) * shrink;  // M
    }
    multiply_by_pairs(x, in, out);
    for (Index i = 0; i < weight.rows; ++i) {
      for (Index j = 0; j < width; ++j) {
        const std::size_t k = place(i) + as_size(j);
        b(i, first + j) = static_cast<T>(lambda) * in[k] + out[k];
      }
    }
  });
  return b;
}

/// sum_i a_i b_i^T for each b of `others`, over the items i that lend, of which it is known to be symmetric; a and b
/// rows [items, dimension].
template <class T>
std::vector<ad::Tensor<T>> outer_products(const std::vector<Item>& items, ad::ConstMatrix<T> a,
                                          const std::vector<ad::ConstMatrix<T>>& others) {
  constexpr Index kTile = 128;
  const Index n = a.cols, tiles = (n + kTile - 1) / kTile;
  const ad::blas::Session session;
  std::vector<ad::Tensor<T>> sums(others.size(), ad::Tensor<T>(n, n));
  ad::Tensor<T> lent(kBlock, n);
  for (Index first = 0; first < a.rows; first += kBlock) {
    const Index rows = std::min(kBlock, a.rows - first);
    for (Index i = 0; i < rows; ++i) {
      T* const row = lent.view().row(i);
      if (items[as_size(first + i)].lends)
        std::copy_n(a.row(first + i), n, row);
      else
        std::fill_n(row, n, T(0));
    }
    ad::parallel_for(std::ssize(others) * tiles * tiles, [&](Index task) {
      const std::size_t which = as_size(task / (tiles * tiles));
      const Index r = task / tiles % tiles * kTile, c = task % tiles * kTile;
      if (c > r) return;
      session.gemm(std::min(kTile, n - r), std::min(kTile, n - c), rows, T(1), Operand<T>{lent.data() + r, n, true},
                   Operand<T>{others[which].row(first) + c, n}, T(1), &sums[which](r, c), n);
    });
  }
  for (ad::Tensor<T>& sum : sums) {
    for (Index r = 0; r < n; ++r) {
      for (Index c = r + 1; c < n; ++c) sum(r, c) = sum(c, r);
    }
  }
  return sums;
}

}  // namespace

template <class T>
void implicit_slim(const data::Csr& x, const ImplicitSlimOptions& options, ad::Matrix<T> weight) {
  if (weight.rows != x.cols)
    throw ad::ShapeError("implicit_slim: expected a row for each of " + std::to_string(x.cols) + " items, found " +
                         std::to_string(weight.rows));
  const std::vector<std::int64_t> counts = data::count_rows(x.items, as_size(x.cols));
  const std::int64_t threshold = options.threshold.value_or(default_threshold(counts));
  std::vector<Item> items;
  for (const std::int64_t count : counts)
    items.push_back({count >= threshold, std::pow(static_cast<double>(count) + options.lambda, -2)});
  if (std::ranges::none_of(items, &Item::lends)) {
    throw ad::Error("implicit_slim_threshold: expected one that an item reaches, found " + std::to_string(threshold) +
                    ", and the most that an item has are " +
                    std::to_string(counts.empty() ? 0 : *std::ranges::max_element(counts)) + " users");
  }
  const ad::Tensor<T> b = second_product<T>(x, items, options.lambda, weight);
  const std::vector<ad::Tensor<T>> sums = outer_products<T>(items, weight, {weight, b});

  // A A^T and I / alpha + B A^T, both symmetric, and few numbers: in double.
  const Index n = weight.cols;
  ad::Tensor<double> own(n, n), inverse(n, n), product(n, n);
  std::copy_n(sums[0].data(), n * n, own.data());
  std::copy_n(sums[1].data(), n * n, inverse.data());
  for (Index j = 0; j < n; ++j) inverse(j, j) += 1 / options.alpha;
  spd_inverse<double>(inverse);
  const ad::blas::Session session;
  ad::parallel_for(n, [&](Index i) {
    session.gemm(Index{1}, n, n, 1.0, Operand<double>{&inverse(i, 0), n}, Operand<double>{own.data(), n}, 0.0,
                 &product(i, 0), n);
  });
  ad::Tensor<T> turn(n, n);
  std::copy_n(product.data(), n * n, turn.data());
  if (!std::ranges::all_of(turn.view().span(), [](T v) { return std::isfinite(v); }))
    throw ad::Error("implicit_slim: the embeddings are too large, or not finite numbers");
  ad::parallel_chunks(weight.rows, Index{256}, [&](Index begin, Index end) {
    session.gemm(end - begin, n, n, T(1), Operand<T>{b.view().row(begin), n}, Operand<T>{turn.data(), n}, T(0),
                 weight.row(begin), n);
  });
}

template void implicit_slim(const data::Csr&, const ImplicitSlimOptions&, ad::Matrix<float>);
template void implicit_slim(const data::Csr&, const ImplicitSlimOptions&, ad::Matrix<double>);

}  // namespace recvae
