// Scores that are sums of item-item weights: what ease, edlae and itemknn learn.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../evaluate/scorer.h"

namespace recvae {

/// Of each item the items that it has a weight on, as rows: scipy's csr_matrix((data, indices, indptr)).
struct SparseWeights {
  data::Csr places;             ///< square; a row per item: the items that it has a weight on
  std::vector<float> values{};  ///< one for each of places.items
};

/// The score of item j for a history is the sum of w[i, j] over the history's items i. Whole, in the precision that it
/// was computed in, or sparse.
struct RECVAE_API ItemWeights {
  std::variant<ad::Tensor<double>, ad::Tensor<float>, SparseWeights> w;  ///< [items, items]

  std::int64_t items() const;  ///< how many
};

/// Of each column the `n` weights of the largest magnitude, of equal ones those of the lower items, as floats: whole
/// or sparse, what is left is sparse. Weights of 0 are left out. Throws ad::Error for a weight that no float holds.
RECVAE_API SparseWeights pruned(const ItemWeights& weights, std::int64_t n);

/// Makes sparse weights of a list of (item i, weight) for each column j.
RECVAE_API SparseWeights sparse_of_columns(const std::vector<std::vector<Scored>>& columns);

/// Puts items into another order: item j of the result is item from[j].
RECVAE_API ItemWeights reordered(const ItemWeights& weights, const std::vector<std::int32_t>& from);

/// Scores by the weights, which it shares. Sums run over a history's items in ascending order, whole weights in their
/// precision.
RECVAE_API std::unique_ptr<Scorer> item_weights_scorer(std::shared_ptr<const ItemWeights> weights);

}  // namespace recvae
