#include "trial.h"

#include <filesystem>
#include <utility>

#include "../../data/error.h"

namespace recvae::tune {
namespace {

constexpr double kBetweenCheckpoints = 600;  // seconds

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Trial::Trial(const Settings& settings, const data::Dataset& data, const MetricContext& context, std::string folder,
             double worth_saving)
    : data_(data),
      context_(context),
      folder_(std::move(folder)),
      worth_saving_(worth_saving),
      identity_{to_json(settings), {}, {}} {
  const auto begin = [&](InitialModel model) {
    std::filesystem::create_directories(folder_);
    fit_ = std::make_unique<Fit>(settings, data.train, data.validation, context, std::move(model),
                                 folder_ + "/old_encoder.safetensors");
  };
  try {
    const std::optional<Checkpoint> last = Checkpoints(folder_).last([](const std::string&) {});
    if (last && last->identity().settings == identity_.settings) {
      begin(last->model());
      last->restore(*fit_);
      if (last->best()) best_ = load_model(last->best()->path, Load::model).model;
      return;
    }
  } catch (const ad::Error&) {  // damaged: the trial is not lost for it
    std::filesystem::remove_all(folder_);
    best_.reset();
  }
  begin(initial_model(settings, data.item_tokens));
}

/// Writes a checkpoint if there is as much as that to lose.
void Trial::save(double seconds) try {
  if (seconds_since(saved_) < seconds) return;
  constexpr double kRoom = 3;  // as many times its size: some of it is written twice
  const double bytes = trial_bytes(fit_->settings(), data_);
  if (static_cast<double>(std::filesystem::space(folder_).available) < kRoom * bytes) return;
  const std::string unknown;
  const ModelMetadata metadata{identity_.settings, data_.item_tokens, unknown};
  std::optional<WrittenFile> best;
  if (best_) {
    best = {folder_ + "/best.safetensors", ""};
    best->checksum = fit_->save(best->path, metadata, *best_);
  }
  Checkpoints(folder_).add(
      [&](const std::string& directory) { write_checkpoint(directory, *fit_, metadata, identity_, "", best, false); });
  saved_ = std::chrono::steady_clock::now();
} catch (const ad::Error& error) {  // not to be taken for one of training
  throw data::DataError(error.what());
}

Record Trial::train(std::int64_t epochs, const std::function<bool()>& cancelled, const std::function<bool()>& stop) {
  const auto start = std::chrono::steady_clock::now();
  Record record;
  try {
    const bool is_there = fit_->state().epochs >= epochs;
    if (!is_there)
      fit_->run([&](const FitEpoch* ended) {
        if (ended && ended->best) best_ = fit_->model();
        const bool stopped = stop();  // asked first: the trial that is stopped first cancels the others
        if (!stopped && cancelled()) throw data::Stopped();
        save(stopped ? worth_saving_ : kBetweenCheckpoints);
        if (stopped) throw data::Stopped();
        return fit_->state().epochs < epochs;
      });
  } catch (const ad::Error&) {  // the engine's only error in a step: the loss is no number any more
    record.diverged = true;
  }
  record.epochs = fit_->state().epochs;
  if (!record.diverged && best_) {
    record.best_epoch = fit_->state().best_epoch;
    record.valid = fit_->state().best.value_or(kNothing);
    if (data_.test.targets.nnz() > 0)
      record.test = evaluate(*model_scorer(*best_), data_.test, fit_->metrics(), context_).means;
  }
  seconds_ += seconds_since(start);
  record.seconds = seconds_;
  return record;
}

double trial_bytes(const Settings& s, const data::Dataset& data) {
  const auto items = static_cast<double>(data.item_tokens.size()), users = static_cast<double>(data.train.rows());
  const auto hidden = static_cast<double>(s.hidden_dimension), latent = static_cast<double>(s.latent_dimension);
  const double encoder = hidden * (items + 4 * hidden + 2 * latent), decoder = items * std::max(hidden, latent);
  constexpr double kCopies = 5;  // weight, two moments, gradient, best
  return sizeof(float) * (kCopies * (encoder + decoder) + 2 * users * latent);
}

}  // namespace recvae::tune
