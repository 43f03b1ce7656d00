// EASE and EDLAE: item-item weights in closed form.
#pragma once

#include <functional>

#include "../../autodiff/kernels/api.h"
#include "../../autodiff/tensor.h"
#include "../../data/csr.h"

namespace recvae {

/// B = I - P / diag(P), P = (X^T X + lambda I + dropout / (1 - dropout) diag(X^T X))^-1, [items, items], of a binary X.
/// dropout 0: EASE (Steck, WWW 2019), which regresses each item on the others. Else EDLAE with full rank and no weight
/// on the diagonal (Steck, NeurIPS 2020, eq. 7): the same from histories of which each item is dropped with that
/// probability. Throws ad::Error where there is no inverse, for a lambda that is too small; data::Stopped soon after
/// `stop` returns true.
template <class T>
RECVAE_API ad::Tensor<T> ease_weights(const data::Csr& x, double lambda, double dropout = 0,
                                      const std::function<bool()>& stop = {});

}  // namespace recvae
