#include "fit.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <utility>

#include "architecture.h"

namespace recvae {
namespace {

ad::nn::Init init_of(const Settings& s) {
  if (s.init == "xavier_normal") return ad::nn::Init::xavier_normal;
  return s.init == "xavier_uniform" ? ad::nn::Init::xavier_uniform : ad::nn::Init::torch;
}

/// With a user who has nothing, as RecBole's padding user.
data::Csr padded(const data::Csr& train) {
  data::Csr rows = train;
  rows.append({});
  return rows;
}

/// What two values have to differ in to be unlike.
double rounded(double value, const std::optional<std::int64_t>& decimals) {
  if (!decimals) return value;
  const double scale = std::pow(10.0, static_cast<double>(*decimals));
  return std::nearbyint(value * scale) / scale;
}

}  // namespace

InitialModel initial_model(const Settings& s, const std::vector<std::string>& item_tokens,
                           const std::string& init_from) {
  if (init_from.empty()) return initial_model(s, item_tokens, nullptr);
  const LoadedModel loaded = load_model(init_from, Load::with_old_encoder, s.layer_norm_eps);
  return initial_model(s, item_tokens, &loaded);
}

InitialModel initial_model(const Settings& s, const std::vector<std::string>& item_tokens, const LoadedModel* from) {
  const auto items = static_cast<ad::Index>(item_tokens.size());
  const auto seed = static_cast<std::uint64_t>(s.seed);
  const Architecture of_model = architecture(s);
  InitialModel fresh{make_model(of_model, items, init_of(s), seed), {}, {}};
  if (has_old_posterior(s)) fresh.old_encoder = make_encoder(of_model, items, init_of(s), seed, EncoderRole::old);
  bool old_given = false;
  if (from) {
    fresh.taken_over = take_over(*from, fresh.model, fresh.old_encoder, item_tokens);
    fresh.trained_on = from->trained_on;
    old_given = from->old_encoder.has_value();
  }
  if (s.prior_init == "encoder" && !old_given) fresh.old_encoder.reset();
  return fresh;
}

Fit::Fit(const Settings& settings, const data::Csr& train, const data::HeldOut& validation,
         const MetricContext& context, InitialModel start, const std::string& scratch)
    : settings_(settings),
      padded_(settings.include_padding_user ? padded(train) : data::Csr{}),
      train_(settings.include_padding_user ? padded_ : train),
      validation_(validation),
      context_(context),
      metrics_(parse_metrics(settings.metrics, settings.topk)),
      model_(std::move(start.model)),
      trainer_(settings, train_, model_, start.old_encoder ? *start.old_encoder : model_.encoder) {
  const Metric chooses = recvae::valid_metric(settings);
  valid_place_ = static_cast<std::size_t>(std::ranges::find(metrics_, chooses) - metrics_.begin());
  if (valid_place_ == metrics_.size()) metrics_.push_back(chooses);
  // From the first update on the old encoder is the encoder itself, as it was after its passes and still is.
  if (settings.prior_update == "never" && has_old_posterior(settings)) {
    save_old_encoder(scratch, start.old_encoder ? *start.old_encoder : model_.encoder);
    old_encoder_.emplace(scratch);
    std::filesystem::remove(scratch);  // the open file outlives its name, and needs no cleaning up
  }
}

void Fit::restore(const State& state, const Trainer::State& trainer) {
  const bool sound = state.epochs == trainer.epoch - 1 && state.best_epoch >= 0 && state.best_epoch <= state.epochs &&
                     state.without_gain >= 0 && state.without_gain <= state.epochs;
  if (!sound) throw ad::Error("the state of the run is not one of these settings and data");
  trainer_.restore(trainer);
  state_ = state;
}

/// An epoch that has ended, on its way to its evaluation.
struct Fit::Evaluating {
  Evaluating(const Fit& fit, const EpochReport& report)
      : ended{report},
        scorer(model_scorer(fit.model_)),
        evaluation(*scorer, fit.validation_, fit.metrics_, fit.context_) {}
  FitEpoch ended;
  std::unique_ptr<Scorer> scorer;
  EvaluationInSteps evaluation;
};

Fit::~Fit() = default;

void Fit::run(const Callback& callback) {
  while (!finished()) {
    std::optional<FitEpoch> ended = step();
    while (is_evaluating()) ended = step();
    if (!callback(ended ? &*ended : nullptr)) return;
  }
}

std::optional<FitEpoch> Fit::step() {
  if (!evaluating_) {
    const std::optional<EpochReport> report = trainer_.step();
    if (!report) return {};
    const bool is_evaluated =
        chooses() && (report->epoch % settings_.eval_step == 0 || report->epoch == settings_.epochs);
    if (!is_evaluated) return end_epoch({*report});
    evaluating_ = std::make_unique<Evaluating>(*this, *report);
    return {};
  }
  const auto start = std::chrono::steady_clock::now();
  evaluating_->evaluation.step();
  FitEpoch& ended = evaluating_->ended;
  const bool finished = evaluating_->evaluation.finished();
  if (finished) ended.valid = evaluating_->evaluation.take();
  ended.valid_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!finished) return {};
  FitEpoch done = std::move(ended);
  evaluating_.reset();
  return end_epoch(std::move(done));
}

FitEpoch Fit::end_epoch(FitEpoch ended) {
  const std::int64_t epoch = ++state_.epochs;
  if (!chooses()) {
    ended.best = true;
  } else if (ended.valid) {
    const double value = rounded(valid_value(ended), settings_.selection_decimals);
    ended.best = is_better(valid_metric(), value, state_.best) ||
                 (settings_.selection_ties == "last" && state_.best && value == *state_.best);
    if (ended.best) state_.best = value;
    state_.without_gain = ended.best ? 0 : state_.without_gain + 1;
  }
  if (ended.best) state_.best_epoch = epoch;
  return ended;
}

std::string Fit::save(const std::string& path, const ModelMetadata& metadata, const RecVae<float>& model) {
  if (!has_old_posterior(settings_)) return save_model(path, model, metadata);
  return old_encoder_ ? save_model(path, model, *old_encoder_, metadata)
                      : save_model(path, model, model.encoder, metadata);
}

}  // namespace recvae
