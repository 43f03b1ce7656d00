// What a weight file ranks with: a model, or a baseline's item weights.
#pragma once

#include <string>
#include <variant>

#include "command_line.h"
#include "recvae/baselines/weights_file.h"
#include "recvae/evaluate/scorer.h"

namespace recvae::tools {

/// Either of the two, and what both have.
class Ranker {
 public:
  explicit Ranker(LoadedModel model) : is_(std::move(model)) {}
  explicit Ranker(LoadedWeights weights) : is_(std::move(weights)) {}

  const LoadedModel* model() const { return std::get_if<LoadedModel>(&is_); }  ///< null: item weights
  const LoadedWeights* weights() const { return std::get_if<LoadedWeights>(&is_); }
  std::int64_t items() const;
  /// In index order; empty: a model from elsewhere, whose file has none.
  const std::vector<std::string>& item_tokens() const;
  void set_item_tokens(const std::vector<std::string>& tokens);  ///< of such a model
  const std::string& settings() const;                           ///< JSON object; empty: the file has none
  const std::string& trained_on() const;                         ///< empty: the file does not say
  /// See recvae::reorder_items.
  bool reorder(const std::vector<std::string>& items);
  /// Throws ad::Error where scores may not be finite numbers. Lives no longer than this.
  std::unique_ptr<Scorer> scorer(DecoderCopy copy = DecoderCopy::by_tiles) const;

 private:
  std::variant<LoadedModel, LoadedWeights> is_;
};

/// Throws ad::Error. `layer_norm_eps` is of a model file without settings.
Ranker load_ranker(const std::string& path, double layer_norm_eps = Settings{}.layer_norm_eps);

/// The ranker at `path`, as a command needs it that names items: where the file has no item tokens (weights from
/// elsewhere), its items are those of the data, in the data's order. Fetches the data's text, and takes the filters
/// that the file records. Throws DataError.
Ranker load_named_ranker(const std::string& path, const CommandLine& line, data::DataOptions& data,
                         double layer_norm_eps);

/// Puts its items into the data's order. Throws DataError where they are not the data's, in number or name.
void match_items(const std::string& path, Ranker& ranker, const std::vector<std::string>& items);

}  // namespace recvae::tools
