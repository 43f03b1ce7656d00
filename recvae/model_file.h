// A model on disk: safetensors with the authors' state-dict names, so that PyTorch loads it and we load PyTorch's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../autodiff/kernels/api.h"
#include "../nn/safetensors.h"
#include "model.h"
#include "settings.h"

namespace recvae {

/// A model as a file gives it.
struct LoadedModel {
  RecVae<float> model;                        ///< all but the old encoder
  std::optional<Encoder<float>> old_encoder;  ///< only where asked for and there
  std::vector<std::string> item_tokens;       ///< in index order; empty: the file has none
  std::string settings;                       ///< JSON object; empty: the file has none
  std::string trained_on;                     ///< data::fingerprint of its training rows; empty: the file has none
};

/// What of a file to load.
enum class Load {
  model,  ///< encoder and decoder; prior.encoder_old.* must be there, but for a file for serving and a prior without
          ///< old posterior, and is not read
  with_old_encoder  ///< also prior.encoder_old.*, which may be absent as a whole
};

/// Throws ad::Error, which names `path`, for an item token that a model cannot have: empty, not UTF-8, or with control
/// characters, which would break every table that lists it.
RECVAE_API void check_item_tokens(const std::string& path, const std::vector<std::string>& item_tokens);

/// The tokens of a file's metadata: a JSON list of `items` different names. Throws ad::Error, which names `path`.
RECVAE_API std::vector<std::string> read_item_tokens(const std::string& path, const std::string& text, ad::Index items);

/// Reads F32 and F64, of a file for serving F16, too. The file's settings say which tensors there are. Any missing,
/// surplus or misshapen tensor is an ad::Error that names it; the three constants of the prior may be absent. So is bad
/// metadata: settings that validate() refuses, item tokens that are not one for each item or not all different.
/// layer_norm_eps comes from the file's settings, else from `layer_norm_eps`.
RECVAE_API LoadedModel load_model(const std::string& path, Load what,
                                  double layer_norm_eps = Settings{}.layer_norm_eps);

/// What a file says of its model. A view: what it names must live.
struct ModelMetadata {
  const std::string& settings;                  ///< JSON object
  const std::vector<std::string>& item_tokens;  ///< in index order
  const std::string& trained_on;                ///< data::fingerprint of the training rows
};

/// The metadata of a file of that format. Throws ad::Error for item tokens that no model can have.
RECVAE_API ad::nn::Metadata file_metadata(const std::string& path, const char* format, const ModelMetadata& metadata);

/// Writes encoder.*, prior.*, decoder.* as F32, and the metadata with `format`; the same arguments give the same bytes.
/// `old_encoder` may be the model's own; without it, of settings that have no old posterior, there is no prior.*.
/// Returns the file's checksum. Throws ad::Error.
RECVAE_API std::string save_model(const std::string& path, const RecVae<float>& model, const ModelMetadata& metadata);
/// The same, with the old encoder.
RECVAE_API std::string save_model(const std::string& path, const RecVae<float>& model,
                                  const Encoder<float>& old_encoder, const ModelMetadata& metadata);

/// The same file, with the old encoder from a file of `save_old_encoder`: it is never in memory.
RECVAE_API std::string save_model(const std::string& path, const RecVae<float>& model,
                                  ad::nn::SafetensorsReader& old_encoder, const ModelMetadata& metadata);

/// Writes what serves, encoder.* and decoder.*, and the metadata under a `format` of its own: a file that load_model
/// takes, and that training can start from as from one without old encoder. Throws ad::Error.
RECVAE_API void save_for_serving(const std::string& path, const LoadedModel& model,
                                 ad::nn::Precision precision = ad::nn::Precision::full);

/// Writes prior.encoder_old.* alone.
RECVAE_API void save_old_encoder(const std::string& path, const Encoder<float>& old_encoder);

/// How many items a model took over from another catalogue.
struct ItemMapping {
  std::int64_t kept = 0;     ///< items of both
  std::int64_t fresh = 0;    ///< that the file does not know
  std::int64_t dropped = 0;  ///< that the catalogue does not have
};

/// Takes all weights of `from` into `to`; the rows of items go to the items of the same token, and items that `from`
/// does not know keep what `to` has. `to_old` takes the old encoder, where both have one. Kinds of layers and sizes
/// must be equal, or ad::Error.
RECVAE_API ItemMapping take_over(const LoadedModel& from, RecVae<float>& to, std::optional<Encoder<float>>& to_old,
                                 const std::vector<std::string>& item_tokens);

/// Puts the items of a model that has tokens into the order of `item_tokens`; false, and nothing done, where these are
/// not the same ones.
RECVAE_API bool reorder_items(LoadedModel& model, const std::vector<std::string>& item_tokens);

}  // namespace recvae
