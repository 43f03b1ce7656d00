#include "trial.h"

#include <chrono>

#include "../../data/error.h"

namespace recvae::tune {

Trial::Trial(const Settings& settings, const data::Dataset& data, const MetricContext& context,
             const std::string& scratch)
    : data_(data),
      context_(context),
      fit_(settings, data.train, data.validation, context, initial_model(settings, data.item_tokens), scratch) {}

Record Trial::train(std::int64_t epochs, const std::function<bool()>& stop) {
  const auto start = std::chrono::steady_clock::now();
  Record record;
  try {
    fit_.run([&](const FitEpoch* ended) {
      if (ended && ended->best) best_ = fit_.model();
      if (stop()) throw data::Stopped();
      return fit_.state().epochs < epochs;
    });
  } catch (const ad::Error&) {  // the engine's only error in a step: the loss is no number any more
    record.diverged = true;
  }
  record.epochs = fit_.state().epochs;
  if (!record.diverged && best_) {
    record.best_epoch = fit_.state().best_epoch;
    record.valid = fit_.state().best.value_or(kNothing);
    if (data_.test.targets.nnz() > 0)
      record.test = evaluate(*model_scorer(*best_), data_.test, fit_.metrics(), context_).means;
  }
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  record.seconds = seconds_;
  return record;
}

double trial_bytes(const Settings& s, const data::Dataset& data) {
  const auto items = static_cast<double>(data.item_tokens.size()), users = static_cast<double>(data.train.rows());
  const auto hidden = static_cast<double>(s.hidden_dimension), latent = static_cast<double>(s.latent_dimension);
  const double encoder = hidden * (items + 4 * hidden + 2 * latent), decoder = items * latent;
  constexpr double kCopies = 5;  // weight, two moments, gradient, best
  return sizeof(float) * (kCopies * (encoder + decoder) + 2 * users * latent);
}

}  // namespace recvae::tune
