// ImplicitSLIM: item embeddings moved towards what a sparse linear method would make of them.
#pragma once

#include <cstdint>
#include <optional>

#include "../../autodiff/kernels/api.h"
#include "../../autodiff/tensor.h"
#include "../../data/csr.h"

namespace recvae {

/// What it is told.
struct ImplicitSlimOptions {
  double lambda = 50;  ///< regularises the item-item weights, positive
  double alpha = 1;    ///< how freely an embedding changes its size, positive
  /// Items with fewer users lend their embedding to nobody; none: as many as leave 85 % of all interactions.
  std::optional<std::int64_t> threshold{};
};

/// Replaces embeddings by ImplicitSLIM's (Shenbin and Nikolenko, ICLR 2024; formula as in RecVAE's own repository).
/// With W = weight^T [dimension, items], X [users, items] binary, A = W without the columns of items of fewer than
/// `threshold` users, D = diag(1 / (users of item + lambda)):
///   M = (lambda A + A X^T X) D^2,  B = lambda M + M X^T X,  C = B - B A^T (I / alpha + B A^T)^-1 B,  W <- alpha W A^T
///   C
/// which is computed as W <- A A^T (I / alpha + B A^T)^-1 B. X^T X is never made: time is linear in the interactions
/// and in the items, memory beside the weight one matrix of its size and 64 columns for each thread. The bits do not
/// depend on the number of threads. Throws ad::Error where no item has `threshold` users, or numbers overflow (the
/// weight is then unchanged).
template <class T>
RECVAE_API void implicit_slim(const data::Csr& x, const ImplicitSlimOptions& options, ad::Matrix<T> weight);

}  // namespace recvae
