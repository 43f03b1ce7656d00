// Item weights on disk: safetensors beside a model's, for every command and for Python.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../model_file.h"
#include "item_weights.h"

namespace recvae {

/// Item weights as a file gives them.
struct LoadedWeights {
  std::string baseline;                        ///< whose they are, such as ease
  std::shared_ptr<const ItemWeights> weights;  ///< the weights
  std::vector<std::string> item_tokens;        ///< in index order
  std::string settings;                        ///< JSON object, as a model's
  std::string trained_on;                      ///< data::fingerprint of the rows that they were learned from
};

/// Writes whole weights as `weights` [items, items], F32 or F64 as they are, or F16; sparse ones as `indptr` I64
/// [items + 1], `indices` I32 and `data` F32 or F16; and a model's metadata with `baseline`. The same arguments give
/// the same bytes. Throws ad::Error.
RECVAE_API void save_weights(const std::string& path, const std::string& baseline, const ItemWeights& weights,
                             const ModelMetadata& metadata, ad::nn::Precision precision = ad::nn::Precision::full);

/// Writes what serves: F32, where weights are wider, or F16.
RECVAE_API void save_for_serving(const std::string& path, const LoadedWeights& weights,
                                 ad::nn::Precision precision = ad::nn::Precision::full);

/// Is it a safetensors file of item weights, perhaps of a format that is yet to come? Throws ad::Error where it is none
/// of any kind.
RECVAE_API bool holds_item_weights(const std::string& path);

/// Throws ad::Error, which names `path`, for anything but what save_weights writes: missing, surplus or misshapen
/// tensors, places beyond the items or out of order, numbers that are not finite, bad metadata.
RECVAE_API LoadedWeights load_weights(const std::string& path);

/// Puts the items into the order of `item_tokens`; false, and nothing done, where these are not the same ones.
RECVAE_API bool reorder_items(LoadedWeights& loaded, const std::vector<std::string>& item_tokens);

}  // namespace recvae
