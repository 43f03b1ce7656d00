// A whole training run: outer epochs, validation, the best epoch and when to stop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../autodiff/kernels/api.h"
#include "evaluate/evaluator.h"
#include "model_file.h"
#include "trainer.h"

namespace recvae {

/// A model before its first step, and the encoder of its first old posterior.
struct InitialModel {
  RecVae<float> model;                        ///< before its first step
  std::optional<Encoder<float>> old_encoder;  ///< none: the model's own encoder, or the prior has none
  std::optional<ItemMapping> taken_over;      ///< where weights came from a file
  std::string trained_on{};                   ///< what the file says of its own training
};

/// Fresh weights by the settings' seed, for a catalogue; where `init_from` is not empty, those of this file (see
/// take_over). Throws ad::Error.
RECVAE_API InitialModel initial_model(const Settings& settings, const std::vector<std::string>& item_tokens,
                                      const std::string& init_from = "");
/// The same with the weights of `from`; null: fresh ones.
RECVAE_API InitialModel initial_model(const Settings& settings, const std::vector<std::string>& item_tokens,
                                      const LoadedModel* from);

/// An outer epoch, as it ended.
struct FitEpoch {
  EpochReport report;                 ///< the trainer's
  std::optional<Evaluation> valid{};  ///< by Fit::metrics(); none in an epoch that is not evaluated
  double valid_seconds = 0;           ///< what evaluation took
  bool best = false;                  ///< so far; where there is nothing to choose by, the last epoch is
};

/// One training run. Epochs are evaluated every `eval_step` and at the end, the best is better than all before it by
/// `valid_metric`, rounded to `selection_decimals` (with `selection_ties` last: as good as the best before it, too),
/// and without improvement in more than `stopping_step` evaluations the run ends. It writes nothing but what save() is
/// asked for, so the best model is kept where the caller saves it.
class RECVAE_API Fit {
 public:
  /// Where the run stands beside Trainer::State: plain numbers.
  struct State {
    std::int64_t epochs = 0;        ///< finished
    std::optional<double> best;     ///< valid_metric of the best epoch
    std::int64_t best_epoch = 0;    ///< from 1; 0: none
    std::int64_t without_gain = 0;  ///< evaluations since

    /// Calls f(name, member of each of `s`...) for each number.
    template <class F, class... S>
    static void visit(F&& f, S&... s) {
      f("epochs", s.epochs...);
      f("best", s.best...);
      f("best_epoch", s.best_epoch...);
      f("without_gain", s.without_gain...);
    }
  };
  /// Called after every step of the trainer, with the epoch that the step ended, else nullptr. False ends the run.
  using Callback = std::function<bool(const FitEpoch* ended)>;

  /// Trains `start` on `train` and chooses on `validation` (without targets: by nothing); both, and `context`, outlive
  /// the fit. The old encoder of `prior_update never`, which only files need, waits in the file `scratch`, which
  /// has no name any more when this returns. Throws ad::Error.
  Fit(const Settings& settings, const data::Csr& train, const data::HeldOut& validation, const MetricContext& context,
      InitialModel start, const std::string& scratch);
  Fit(const Fit&) = delete;
  Fit& operator=(const Fit&) = delete;
  ~Fit();

  /// Goes on where another fit stood (see Trainer::restore).
  void restore(const State& state, const Trainer::State& trainer);

  /// One step of the trainer, or, after an epoch, of its evaluation: a block of users. Returns the epoch that this
  /// ended. Throws ad::Error where training diverges.
  std::optional<FitEpoch> step();
  bool is_evaluating() const { return evaluating_ != nullptr; }  ///< is the last epoch's evaluation under way?
  /// Trains to the end, evaluating at once. Throws as step(), and what `callback` throws.
  void run(const Callback& callback);
  /// The model as it is now on the validation part, by metrics().
  Evaluation validate() const { return evaluate(*model_scorer(model_), validation_, metrics_, context_); }
  /// Writes the model as it is now, and returns the file's checksum (see save_model).
  std::string save(const std::string& path, const ModelMetadata& metadata) { return save(path, metadata, model_); }
  /// The same of a copy of an earlier epoch's model.
  std::string save(const std::string& path, const ModelMetadata& metadata, const RecVae<float>& model);

  const std::vector<Metric>& metrics() const { return metrics_; }        ///< the settings', and valid_metric
  const Metric& valid_metric() const { return metrics_[valid_place_]; }  ///< what is chosen by
  double valid_value(const FitEpoch& epoch) const { return epoch.valid->means[valid_place_]; }  ///< of it
  const RecVae<float>& model() const { return model_; }                                         ///< as it is now
  Trainer& trainer() { return trainer_; }                                                       ///< what trains it
  const Settings& settings() const { return settings_; }                                        ///< as given
  const data::Csr& train() const { return train_; }                                             ///< what it learns from
  const State& state() const { return state_; }                                                 ///< where it stands
  bool chooses() const { return validation_.targets.nnz() > 0; }  ///< or is every epoch the best so far?
  bool finished() const { return state_.epochs >= settings_.epochs || stopped_early(); }  ///< nothing is left to do?
  /// Without improvement in more than stopping_step evaluations?
  bool stopped_early() const { return settings_.stopping_step && state_.without_gain > *settings_.stopping_step; }

 private:
  struct Evaluating;
  FitEpoch end_epoch(FitEpoch ended);

  Settings settings_;
  data::Csr padded_;  // with include_padding_user: what is trained on
  const data::Csr& train_;
  const data::HeldOut& validation_;
  const MetricContext& context_;
  std::vector<Metric> metrics_;
  std::size_t valid_place_;
  RecVae<float> model_;
  Trainer trainer_;
  std::optional<ad::nn::SafetensorsReader> old_encoder_;  // where it is not the model's own encoder
  State state_;
  std::unique_ptr<Evaluating> evaluating_;
};

}  // namespace recvae
