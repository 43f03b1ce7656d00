#include "ranker.h"

#include "data/load.h"
#include "data/read/raw.h"
#include "model_metadata.h"

namespace recvae::tools {

std::int64_t Ranker::items() const { return model() ? model()->model.items() : weights()->weights->items(); }

const std::vector<std::string>& Ranker::item_tokens() const {
  return std::visit(
      [](const auto& is) -> const auto& { return is.item_tokens; }, is_);
}

void Ranker::set_item_tokens(const std::vector<std::string>& tokens) {
  std::visit([&](auto& is) { is.item_tokens = tokens; }, is_);
}

const std::string& Ranker::settings() const {
  return std::visit(
      [](const auto& is) -> const auto& { return is.settings; }, is_);
}

const std::string& Ranker::trained_on() const {
  return std::visit(
      [](const auto& is) -> const auto& { return is.trained_on; }, is_);
}

bool Ranker::reorder(const std::vector<std::string>& items) {
  return std::visit([&](auto& is) { return reorder_items(is, items); }, is_);
}

std::unique_ptr<Scorer> Ranker::scorer(DecoderCopy copy) const {
  return model() ? model_scorer(model()->model, copy) : item_weights_scorer(weights()->weights);
}

Ranker load_ranker(const std::string& path, double layer_norm_eps) {
  if (holds_item_weights(path)) return Ranker(load_weights(path));
  return Ranker(load_model(path, Load::model, layer_norm_eps));
}

Ranker load_named_ranker(const std::string& path, const CommandLine& line, data::DataOptions& data,
                         double layer_norm_eps) {
  Ranker loaded = load_ranker(path, layer_norm_eps);
  fetch_text(data);
  if (!data.path.empty()) apply_data_metadata(path, loaded.settings(), line, data, DataUse::histories);
  if (!loaded.item_tokens().empty()) return loaded;
  if (data.path.empty())
    throw data::DataError(path + ": the model file has no item tokens to name items by; --data has them");
  hold_text(data);
  const std::vector<std::string> items = data::load(data).item_tokens;
  match_items(path, loaded, items);
  loaded.set_item_tokens(items);
  return loaded;
}

void match_items(const std::string& path, Ranker& ranker, const std::vector<std::string>& items) {
  if (ranker.items() != std::ssize(items)) {
    throw data::DataError(path + ": the model's items do not match the data: expected " + std::to_string(items.size()) +
                          ", found " + std::to_string(ranker.items()));
  }
  if (ranker.item_tokens().empty() || ranker.reorder(items)) return;
  const data::Vocabulary known(ranker.item_tokens());
  const auto unknown = std::ranges::find_if(items, [&](const std::string& token) { return known.find(token) < 0; });
  throw data::DataError(path + ": the model's items do not match the data: it does not know the data's " +
                        data::excerpt(*unknown) + " (were filter and split options the same?)");
}

}  // namespace recvae::tools
