// Scores that are inner products.
#pragma once

#include <functional>

#include "scorer.h"

namespace recvae {

/// What rows first .. first + users - 1 of histories are as vectors, [users, depth]. A row's bits do not depend on the
/// others.
using Factors = std::function<ad::Tensor<float>(const data::Csr& histories, std::int64_t first, ad::Index users)>;

/// score = factors . weight[item] + bias[item], in tiles: where lists are asked for, no row of scores is ever whole.
/// The weight [items, depth] and the bias, one for each item, outlive it and do not change. It throws ad::Error where
/// scores may not be finite numbers.
std::unique_ptr<Scorer> factor_scorer(ad::ConstMatrix<float> weight, const float* bias, DecoderCopy copy,
                                      Factors factors);

}  // namespace recvae
