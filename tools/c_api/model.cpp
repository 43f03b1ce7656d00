#include "model.h"

#include <algorithm>
#include <limits>
#include <span>

#include "data/fingerprint.h"
#include "model_metadata.h"
#include "recvae/baselines/baselines.h"
#include "recvae/blend/blend.h"
#include "recvae/evaluate/evaluator.h"
#include "recvae/serve/similar.h"

namespace recvae::c_api {

std::shared_ptr<Scorer> Model::scorer() {
  const std::lock_guard lock(mutex_);
  if (!scorer_) scorer_ = make_scorer(DecoderCopy::whole);
  return scorer_;
}

void Model::save(const std::string&) { throw StateError(std::string(kind()) + " has no file of its own"); }

LoadedModel RecVaeModel::with_old_encoder() const {
  LoadedModel model = *loaded_;
  if (old_is_own_ && has_old_posterior(settings_from_json(model.settings))) model.old_encoder = model.model.encoder;
  return model;
}

std::shared_ptr<RecVaeModel> load_recvae(const std::string& path) {
  auto loaded = std::make_shared<LoadedModel>(load_model(path, Load::with_old_encoder));
  bool is_own = loaded->old_encoder.has_value();
  if (is_own) {
    std::vector<const ad::Parameter<float>*> own;
    ad::nn::for_each_parameter_unnamed(loaded->model.encoder,
                                       [&](const ad::Parameter<float>& p) { own.push_back(&p); });
    std::size_t k = 0;
    ad::nn::for_each_parameter_unnamed(*loaded->old_encoder, [&](const ad::Parameter<float>& p) {
      is_own = is_own && std::ranges::equal(p.value.view().span(), own[k++]->value.view().span());
    });
  }
  if (is_own) loaded->old_encoder.reset();
  if (loaded->item_tokens.empty()) loaded->item_tokens = tokens_of(nullptr, loaded->model.items(), "items");
  Settings sizes;  // for a file that does not record them
  sizes.hidden_dimension = loaded->model.hidden();
  sizes.latent_dimension = loaded->model.latent();
  sizes.layer_norm_eps = loaded->model.encoder.ln1.eps;
  const auto recorded = nlohmann::json::parse(loaded->settings, nullptr, false);
  if (!recorded.contains("hidden_dimension"))
    loaded->settings = to_json(recorded.is_object() ? settings_from_json(loaded->settings, sizes) : sizes);
  return std::make_shared<RecVaeModel>(std::move(loaded), is_own);
}

std::string RecVaeModel::text(const std::string& name) {
  if (name == "kind") return "\"recvae\"";
  if (name == "item_tokens") return nlohmann::json(loaded_->item_tokens).dump();
  if (name == "settings") return loaded_->settings;
  if (name == "trained_on") return nlohmann::json(loaded_->trained_on).dump();
  return Content::text(name);
}

recvae_array RecVaeModel::array(const std::string& name) {
  const Decoder<float>& decoder = loaded_->model.decoder;
  const ad::Tensor<float>& weight = decoder.weight.value;
  if (name == "item_factors") return array_of(weight.data(), weight.rows(), weight.cols());
  if (name == "item_bias") return array_of(decoder.bias.value.data(), weight.rows());
  return Content::array(name);
}

void RecVaeModel::save(const std::string& path) {
  const LoadedModel& l = *loaded_;
  const ModelMetadata metadata{l.settings, l.item_tokens, l.trained_on};
  if (has_old_posterior(settings_from_json(l.settings)))
    save_model(path, l.model, l.old_encoder ? *l.old_encoder : l.model.encoder, metadata);
  else
    save_model(path, l.model, metadata);
}

void RecVaeModel::embed(const data::Csr& histories, std::int64_t width, float* codes) {
  const std::lock_guard lock(code_mutex_);
  if (!code_) code_ = std::make_unique<UserCode>(loaded_->model);
  if (width != code_->width())
    throw data::UsageError("width: expected " + std::to_string(code_->width()) + ", found " + std::to_string(width));
  constexpr std::int64_t kTogether = 4096;
  for (std::int64_t first = 0; first < histories.rows(); first += kTogether) {
    const ad::Tensor<float> some = code_->of_rows(histories, first, std::min(kTogether, histories.rows() - first));
    codes = std::copy_n(some.data(), some.size(), codes);
  }
}

std::shared_ptr<Scorer> RecVaeModel::make_scorer(DecoderCopy copy) { return model_scorer(loaded_->model, copy); }

namespace {

/// EASE, EDLAE or ItemKNN.
class WeightsModel : public Model {
 public:
  explicit WeightsModel(LoadedWeights loaded) : loaded_(std::move(loaded)) {}
  const char* kind() const override { return "a baseline"; }
  std::string text(const std::string& name) override {
    if (name == "kind") return nlohmann::json(loaded_.baseline).dump();
    if (name == "item_tokens") return nlohmann::json(loaded_.item_tokens).dump();
    if (name == "settings") return loaded_.settings;
    if (name == "trained_on") return nlohmann::json(loaded_.trained_on).dump();
    return Content::text(name);
  }
  std::int64_t items() const override { return loaded_.weights->items(); }
  const std::vector<std::string>& item_tokens() const override { return loaded_.item_tokens; }
  void save(const std::string& path) override {
    save_weights(path, loaded_.baseline, *loaded_.weights, {loaded_.settings, loaded_.item_tokens, loaded_.trained_on});
  }

 private:
  std::shared_ptr<Scorer> make_scorer(DecoderCopy) override { return item_weights_scorer(loaded_.weights); }
  LoadedWeights loaded_;
};

/// A scorer that no file holds: a blend, items like others.
class OtherModel : public Model {
 public:
  OtherModel(std::string name, std::shared_ptr<Scorer> scorer, std::vector<std::shared_ptr<Model>> parts)
      : name_(std::move(name)), scorer_(std::move(scorer)), parts_(std::move(parts)) {}
  const char* kind() const override { return name_.c_str(); }
  std::string text(const std::string& name) override {
    return name == "kind" ? nlohmann::json(name_).dump() : Content::text(name);
  }
  std::int64_t items() const override { return parts_.front()->items(); }
  const std::vector<std::string>& item_tokens() const override { return parts_.front()->item_tokens(); }

 private:
  std::shared_ptr<Scorer> make_scorer(DecoderCopy) override { return scorer_; }
  std::string name_;
  std::shared_ptr<Scorer> scorer_;
  std::vector<std::shared_ptr<Model>> parts_;  // which it scores with
};

BaselineOptions baseline_options(const char* text) {
  const nlohmann::json given =
      options_of(text, "option of a baseline", {"lambda", "dropout", "neighbors", "double_precision"});
  BaselineOptions o;
  take_option(given, "lambda", o.lambda);
  take_option(given, "dropout", o.dropout);
  take_option(given, "neighbors", o.neighbors);
  take_option(given, "double_precision", o.double_precision);
  return o;
}

/// The number of users of each item, as popularity scores.
class PopularityModel : public Model {
 public:
  static constexpr const char* kFormat = "recvae_popularity 1";
  PopularityModel(ad::Tensor<float> counts, std::vector<std::string> item_tokens)
      : counts_(std::move(counts)), item_tokens_(std::move(item_tokens)) {}
  const char* kind() const override { return "a baseline"; }
  std::string text(const std::string& name) override {
    if (name == "kind") return "\"popularity\"";
    return name == "item_tokens" ? nlohmann::json(item_tokens_).dump() : Content::text(name);
  }
  std::int64_t items() const override { return counts_.size(); }
  const std::vector<std::string>& item_tokens() const override { return item_tokens_; }
  void save(const std::string& path) override {
    const std::string none = "{}", unknown;
    ad::nn::write_safetensors<float>(path, {{"counts", counts_.view(), ad::nn::Layout::vector}},
                                     file_metadata(path, kFormat, {none, item_tokens_, unknown}));
  }
  /// Null: the file is another one.
  static std::shared_ptr<Model> load(const std::string& path) {
    ad::nn::SafetensorsReader file(path);
    const auto format = file.metadata().find("format"), tokens = file.metadata().find("item_tokens");
    if (format == file.metadata().end() || format->second != kFormat) return nullptr;
    if (tokens == file.metadata().end()) throw data::DataError(path + ": expected item_tokens, found none");
    ad::Tensor<float> counts = file.read<float>("counts", ad::nn::Layout::vector);
    std::vector<std::string> names = read_item_tokens(path, tokens->second, counts.size());
    return std::make_shared<PopularityModel>(std::move(counts), std::move(names));
  }

 private:
  struct SameForAll : Scorer {
    explicit SameForAll(const ad::Tensor<float>& row) : row_(row) {}
    void score(const data::Csr&, std::int64_t, ad::Matrix<float> scores) override {
      for (ad::Index u = 0; u < scores.rows; ++u) std::copy_n(row_.data(), scores.cols, scores.row(u));
    }
    const ad::Tensor<float>& row_;
  };
  std::shared_ptr<Scorer> make_scorer(DecoderCopy) override { return std::make_shared<SameForAll>(counts_); }
  ad::Tensor<float> counts_;
  std::vector<std::string> item_tokens_;
};

std::shared_ptr<Model> learn(const std::string& name, BaselineOptions options, const data::Csr& train,
                             std::vector<std::string> item_tokens, const std::vector<std::string>& user_tokens,
                             std::function<bool()> stop) {
  options.stop = std::move(stop);
  check_baseline(name, options);
  if (train.cols == 0 || train.nnz() == 0) throw data::UsageError("train: expected some entries, found none");
  if (!has_item_weights(name)) {
    ad::Tensor<float> counts(1, train.cols);
    make_baseline(name, train)->score(train, 0, counts.view());
    return std::make_shared<PopularityModel>(std::move(counts), std::move(item_tokens));
  }
  return std::make_shared<WeightsModel>(
      LoadedWeights{name, std::make_shared<ItemWeights>(learn_item_weights(name, train, options)), item_tokens,
                    tools::baseline_metadata(tools::settings_metadata({}, {}), name, options),
                    data::fingerprint(train, user_tokens, item_tokens)});
}

std::shared_ptr<Model> load(const std::string& path) {
  if (std::shared_ptr<Model> popularity = PopularityModel::load(path)) return popularity;
  if (holds_item_weights(path)) return std::make_shared<WeightsModel>(load_weights(path));
  return load_recvae(path);
}

/// Are all indices of items?
std::span<const std::int32_t> items_of(const std::int32_t* items, std::int64_t count, std::int64_t all,
                                       const char* what) {
  if (count < 0 || (count > 0 && !items)) throw data::UsageError(std::string(what) + ": expected items, found none");
  const std::span<const std::int32_t> list(items, data::as_size(count));
  for (const std::int32_t item : list) {
    if (item < 0 || item >= all) {
      throw data::UsageError(std::string(what) + ": expected items from 0 to " + std::to_string(all - 1) + ", found " +
                             std::to_string(item));
    }
  }
  return list;
}

/// Rows of a model's items.
data::Csr histories_of(const recvae_rows* rows, const Model& model) {
  data::Csr histories = rows_of(rows, "histories");
  if (histories.cols == model.items()) return histories;
  throw data::UsageError("histories: expected " + std::to_string(model.items()) +
                         " columns, one for each item that the model knows, found " + std::to_string(histories.cols));
}

void recommend(Model& model, const data::Csr& histories, const recvae_request& request, std::int32_t* items,
               float* scores) {
  if (request.n < 1) throw data::UsageError("n: expected a number from 1 on, found " + std::to_string(request.n));
  if (!items || !scores) throw data::UsageError("items, scores: expected places for them, found NULL");
  const auto all = data::as_size(model.items());
  const auto exclude = items_of(request.exclude, request.excluded, model.items(), "exclude");
  std::vector<std::uint8_t> barred(exclude.empty() && !request.candidates ? 0 : all, request.candidates ? 1 : 0);
  if (request.candidates) {
    for (const std::int32_t item : items_of(request.candidates, request.candidate_count, model.items(), "candidates"))
      barred[data::as_size(item)] = 0;
  }
  for (const std::int32_t item : exclude) barred[data::as_size(item)] = 1;
  const std::int64_t n = request.n;
  std::fill_n(items, histories.rows() * n, -1);
  std::fill_n(scores, histories.rows() * n, -std::numeric_limits<float>::infinity());
  recvae::recommend_in_blocks(*model.scorer(), histories, n, {request.include_history == 0, nullptr, barred},
                              [&](std::int64_t first, std::span<const std::vector<Scored>> lists) {
                                for (std::size_t u = 0; u < lists.size(); ++u) {
                                  const std::int64_t at = (first + static_cast<std::int64_t>(u)) * n;
                                  for (std::size_t k = 0; k < lists[u].size(); ++k) {
                                    items[at + static_cast<std::int64_t>(k)] = lists[u][k].item;
                                    scores[at + static_cast<std::int64_t>(k)] = lists[u][k].score;
                                  }
                                }
                              });
}

std::shared_ptr<Model> blend(recvae_object* const* parts, const double* weights, std::int64_t count) {
  if (count < 1 || !parts || !weights) throw data::UsageError("parts: expected models and weights, found none");
  std::vector<std::shared_ptr<Model>> models;
  std::vector<BlendPart> scorers;
  for (std::int64_t p = 0; p < count; ++p) {
    models.push_back(content<Model>(parts[p], "a model"));
    const std::string name = "part " + std::to_string(p);
    const auto &first = models.front()->item_tokens(), &own = models.back()->item_tokens();
    const auto [mine, other] = std::ranges::mismatch(first, own);
    if (mine != first.end() || other != own.end()) {
      throw data::UsageError(name + ": expected the items of the first part, in its order; found " +
                             (other == own.end() ? "fewer" : data::excerpt(*other)) + " at " +
                             std::to_string(mine - first.begin()));
    }
    scorers.push_back({name, models.back()->scorer()});
  }
  const std::vector<double> values(weights, weights + count);
  double sum = 0;
  for (const double weight : values) {
    if (!is_blend_weight(weight))
      throw data::UsageError("weights: expected 0 or a number from 1e-6 to 1e6, found " + std::to_string(weight));
    sum += weight;
  }
  if (sum == 0) throw data::UsageError("weights: expected one above 0, found none");
  return std::make_shared<OtherModel>("blend", blend_scorer(std::move(scorers), values), std::move(models));
}

}  // namespace
}  // namespace recvae::c_api

using namespace recvae;
using namespace recvae::c_api;

namespace {

std::string path_of(const char* path) {
  if (!path || !*path) throw data::UsageError("path: expected the name of a file, found none");
  return path;
}

}  // namespace

extern "C" {

int recvae_load(recvae_object* model, const char* path) {
  return make(model, [&] {
    try {
      return load(path_of(path));
    } catch (const ad::Error& error) {  // of the file
      throw data::DataError(error.what());
    }
  });
}

int recvae_save(recvae_object* model, const char* path) {
  return guarded(model, [&] {
    const auto m = content<Model>(model, "a model");
    try {
      m->save(path_of(path));
    } catch (const ad::Error& error) {
      throw data::DataError(error.what());
    }
  });
}

int recvae_learn(recvae_object* model, const char* baseline, const char* options, const recvae_rows* train,
                 const char* item_tokens, const char* user_tokens, recvae_stop stop, void* context) {
  return make(model, [&] {
    if (!baseline) throw data::UsageError("baseline: expected a name, found NULL");
    const data::Csr rows = rows_of(train, "train");
    return learn(baseline, baseline_options(options), rows, item_tokens_of(item_tokens, rows.cols),
                 tokens_of(user_tokens, rows.rows(), "user_ids"), stop_of(stop, context));
  });
}

int recvae_blend(recvae_object* model, recvae_object* const* parts, const double* weights, int64_t count) {
  return make(model, [&] { return blend(parts, weights, count); });
}

int recvae_similar(recvae_object* model, recvae_object* recvae, const char* metric) {
  return make(model, [&] {
    const auto of = content<RecVaeModel>(recvae, "a RecVAE model");
    const std::string by = metric ? metric : "cosine";
    if (by != "cosine" && by != "dot")
      throw data::UsageError("metric: expected cosine or dot, found " + data::excerpt(by));
    return std::make_shared<OtherModel>(
        "items like others", similar_items(of->loaded().model, by == "dot" ? Similarity::dot : Similarity::cosine),
        std::vector<std::shared_ptr<Model>>{of});
  });
}

int recvae_recommend(recvae_object* model, const recvae_rows* histories, const recvae_request* request, int32_t* items,
                     float* scores) {
  return guarded(model, [&] {
    const auto m = content<Model>(model, "a model");
    c_api::recommend(*m, histories_of(histories, *m), checked(request, "request"), items, scores);
  });
}

int recvae_embed(recvae_object* model, const recvae_rows* histories, int64_t width, float* codes) {
  return guarded(model, [&] {
    const auto m = content<RecVaeModel>(model, "a RecVAE model");
    const data::Csr rows = histories_of(histories, *m);
    if (!codes && rows.rows() > 0) throw data::UsageError("codes: expected a place for them, found NULL");
    m->embed(rows, width, codes);
  });
}
}
