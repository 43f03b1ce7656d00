// A model's vectors for other programs: where the largest inner product is looked for, they give the model's lists.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../../data/csr.h"
#include "../model_file.h"

namespace recvae {

/// Called before each block of rows; what it throws ends the export, which then has written nothing.
using BetweenBlocks = std::function<void()>;

/// Writes into `folder`: item_vectors.npy and, with a tensor of that name, item_vectors.safetensors, float32 [items,
/// width + 1], of each item its decoder row and then its bias; and items.txt, its token on a line. `width` is the
/// latent dimension, or that of the decoder's hidden layer. Throws ad::Error, also where `item_tokens` are not one for
/// each item.
RECVAE_API void export_item_vectors(const std::string& folder, const LoadedModel& model,
                                    const BetweenBlocks& between = {});

/// Writes into `folder`: user_codes.npy and user_codes.safetensors, float32 [users, width + 1], of each row of
/// `histories` the posterior's mean, or what the decoder's hidden layer makes of it, and then a 1: its inner product
/// with an item's vector is the score; and users.txt. Needs memory for a block of rows. Throws ad::Error, also for a
/// token that breaks lines.
RECVAE_API void export_user_codes(const std::string& folder, const RecVae<float>& model, const data::Csr& histories,
                                  const std::vector<std::string>& user_tokens, const BetweenBlocks& between = {});

}  // namespace recvae
