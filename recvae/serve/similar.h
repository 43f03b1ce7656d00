// Items like other items.
#pragma once

#include <memory>

#include "../../autodiff/kernels/api.h"
#include "../evaluate/scorer.h"

namespace recvae {

/// What two items' rows of the decoder are compared by; the bias, which says how popular an item is, has no part in it.
enum class Similarity {
  cosine,  ///< 0 where a row is zero
  dot      ///< the inner product
};

/// Scores items by their similarity to the items of a row, summed: for the items most like one, rows of one item, which
/// is its history that lists leave out. Copies what it needs of the model, but for `dot`, where the model outlives it
/// and does not change.
RECVAE_API std::unique_ptr<Scorer> similar_items(const RecVae<float>& model, Similarity similarity);

}  // namespace recvae
