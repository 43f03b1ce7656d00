#include "item_weights.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "../../autodiff/parallel.h"
#include "../evaluate/top_k.h"

namespace recvae {
namespace {

using ad::Index;
using data::as_size;

template <class T>
class WholeScorer : public Scorer {
 public:
  WholeScorer(std::shared_ptr<const ItemWeights> owner, ad::ConstMatrix<T> weights)
      : owner_(std::move(owner)), weights_(weights) {}

  void score(const data::Csr& histories, std::int64_t first, ad::Matrix<float> scores) override {
    // All users for a few columns at a time: most rows that they need are then in the cache.
    constexpr Index kColumns = 512;
    ad::parallel_chunks(scores.cols, kColumns, [&](Index begin, Index end) {
      std::vector<T> sum(as_size(end - begin));
      for (Index u = 0; u < scores.rows; ++u) {
        std::fill(sum.begin(), sum.end(), T(0));
        for (const std::int32_t item : histories.row(first + u)) {
          const T* const row = weights_.row(item) + begin;
          for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += row[j];
        }
        std::transform(sum.begin(), sum.end(), scores.row(u) + begin, [](T s) { return static_cast<float>(s); });
      }
    });
  }

 private:
  std::shared_ptr<const ItemWeights> owner_;
  ad::ConstMatrix<T> weights_;
};

class SparseScorer : public Scorer {
 public:
  SparseScorer(std::shared_ptr<const ItemWeights> owner, const SparseWeights& weights)
      : owner_(std::move(owner)), weights_(weights) {}

  void score(const data::Csr& histories, std::int64_t first, ad::Matrix<float> scores) override {
    ad::parallel_for(scores.rows, [&](Index u) {
      float* const row = scores.row(u);
      std::fill_n(row, scores.cols, 0.0f);
      for (const std::int32_t item : histories.row(first + u)) {
        const std::span<const std::int32_t> to = weights_.places.row(item);
        const float* const value = weights_.values.data() + weights_.places.indptr[as_size(item)];
        for (std::size_t k = 0; k < to.size(); ++k) row[to[k]] += value[k];
      }
    });
  }

 private:
  std::shared_ptr<const ItemWeights> owner_;
  const SparseWeights& weights_;
};

/// The n of largest magnitude of those that are there, with their own signs.
std::vector<Scored> largest(std::span<const float> column, std::int64_t n) {
  if (!std::ranges::all_of(column, [](float v) { return std::isfinite(v); }))
    throw ad::Error("item weights: expected numbers that a float holds");
  std::vector<float> magnitudes(column.size());
  std::transform(column.begin(), column.end(), magnitudes.begin(),
                 [](float v) { return v == 0 ? -INFINITY : std::abs(v); });
  std::vector<Scored> kept;
  top_k(magnitudes, n, kept);
  for (Scored& s : kept) s.score = column[as_size(s.item)];
  return kept;
}

}  // namespace

std::int64_t ItemWeights::items() const {
  if (const auto* sparse = std::get_if<SparseWeights>(&w)) return sparse->places.rows();
  const auto* wide = std::get_if<ad::Tensor<double>>(&w);
  return wide ? wide->rows() : std::get<ad::Tensor<float>>(w).rows();
}

SparseWeights sparse_of_columns(const std::vector<std::vector<Scored>>& columns) {
  const std::size_t n = columns.size();
  SparseWeights sparse;
  sparse.places.cols = static_cast<std::int32_t>(n);
  sparse.places.indptr.assign(n + 1, 0);
  for (const auto& column : columns) {
    for (const Scored& s : column) ++sparse.places.indptr[as_size(s.item) + 1];
  }
  for (std::size_t i = 0; i < n; ++i) sparse.places.indptr[i + 1] += sparse.places.indptr[i];
  std::vector<std::int32_t>& places = sparse.places.items.own();
  places.resize(as_size(sparse.places.indptr[n]));
  sparse.values.resize(places.size());
  std::vector<std::int64_t> next(sparse.places.indptr.begin(), sparse.places.indptr.end() - 1);
  for (std::size_t j = 0; j < n; ++j) {
    for (const Scored& s : columns[j]) {
      const std::size_t place = as_size(next[as_size(s.item)]++);
      places[place] = static_cast<std::int32_t>(j);
      sparse.values[place] = s.score;
    }
  }
  return sparse;
}

SparseWeights pruned(const ItemWeights& weights, std::int64_t n) {
  const std::int64_t items = weights.items();
  std::vector<std::vector<Scored>> columns(as_size(items));
  if (const auto* sparse = std::get_if<SparseWeights>(&weights.w)) {
    for (std::int64_t i = 0; i < items; ++i) {
      for (std::int64_t k = sparse->places.indptr[as_size(i)]; k < sparse->places.indptr[as_size(i) + 1]; ++k)
        columns[as_size(sparse->places.items[as_size(k)])].push_back(
            {static_cast<std::int32_t>(i), sparse->values[as_size(k)]});
    }
    ad::parallel_for(items, [&](Index j) {
      std::vector<float> column(as_size(items));
      for (const Scored& s : columns[as_size(j)]) column[as_size(s.item)] = s.score;
      columns[as_size(j)] = largest(column, n);
    });
    return sparse_of_columns(columns);
  }
  constexpr Index kColumns = 16;  // a cache line of each row
  const auto prune = [&](const auto& whole) {
    ad::parallel_chunks(items, kColumns, [&](Index begin, Index end) {
      std::vector<std::vector<float>> block(as_size(end - begin), std::vector<float>(as_size(items)));
      for (Index i = 0; i < items; ++i) {
        for (Index j = begin; j < end; ++j) block[as_size(j - begin)][as_size(i)] = static_cast<float>(whole(i, j));
      }
      for (Index j = begin; j < end; ++j) columns[as_size(j)] = largest(block[as_size(j - begin)], n);
    });
  };
  if (const auto* wide = std::get_if<ad::Tensor<double>>(&weights.w))
    prune(*wide);
  else
    prune(std::get<ad::Tensor<float>>(weights.w));
  return sparse_of_columns(columns);
}

ItemWeights reordered(const ItemWeights& weights, const std::vector<std::int32_t>& from) {
  const auto whole = [&](const auto& old) {
    auto ordered = old;
    ad::parallel_for(old.rows(), [&](Index i) {
      for (Index j = 0; j < old.cols(); ++j) ordered(i, j) = old(from[as_size(i)], from[as_size(j)]);
    });
    return ItemWeights{std::move(ordered)};
  };
  if (const auto* wide = std::get_if<ad::Tensor<double>>(&weights.w)) return whole(*wide);
  if (const auto* single = std::get_if<ad::Tensor<float>>(&weights.w)) return whole(*single);
  const auto& old = std::get<SparseWeights>(weights.w);
  std::vector<std::int32_t> place(from.size());  // of each old item
  for (std::size_t j = 0; j < from.size(); ++j) place[as_size(from[j])] = static_cast<std::int32_t>(j);
  std::vector<std::vector<Scored>> columns(from.size());
  for (const std::int32_t i : from) {
    for (std::int64_t k = old.places.indptr[as_size(i)]; k < old.places.indptr[as_size(i) + 1]; ++k) {
      const std::int32_t j = old.places.items[as_size(k)];
      columns[as_size(place[as_size(j)])].push_back({place[as_size(i)], old.values[as_size(k)]});
    }
  }
  return {sparse_of_columns(columns)};
}

std::unique_ptr<Scorer> item_weights_scorer(std::shared_ptr<const ItemWeights> weights) {
  if (const auto* wide = std::get_if<ad::Tensor<double>>(&weights->w))
    return std::make_unique<WholeScorer<double>>(std::move(weights), *wide);
  if (const auto* single = std::get_if<ad::Tensor<float>>(&weights->w))
    return std::make_unique<WholeScorer<float>>(std::move(weights), *single);
  const auto& sparse = std::get<SparseWeights>(weights->w);
  return std::make_unique<SparseScorer>(std::move(weights), sparse);
}

}  // namespace recvae
