// A training run with its files: the best model, the log, the checkpoints.
#pragma once

#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "../autodiff/kernels/api.h"
#include "checkpoint.h"

namespace recvae {

/// What files of a run take on the disk.
struct FileBytes {
  double model = 0;    ///< the weights with the old encoder's
  double moments = 0;  ///< Adam's moments
};
/// Of this model.
RECVAE_API FileBytes file_bytes(const RecVae<float>& model);

/// The line of metrics.jsonl: a JSON object. `writing_seconds`: of weights and checkpoints, since the line before.
RECVAE_API std::string epoch_record(const FitEpoch& epoch, const std::vector<Metric>& metrics, double writing_seconds);

/// How often a run writes checkpoints.
struct CheckpointPlan {
  double minutes = 10;       ///< from one to the next, also within an epoch
  bool at_any_cost = false;  ///< the minutes count, whatever the checkpoints cost
};

/// Runs a fit in a directory that exists, and keeps there `metrics.jsonl`, a line per epoch; `checkpoint`; and
/// `model.safetensors`, the weights of the epoch that was best when the checkpoint was written. That happens after an
/// epoch, and in the midst of a long one, as often as all writing stays below 3 % of the run's time; after the last
/// epoch and when the run is stopped it always does. Where epochs are too short for that, the best weights wait in
/// memory. A run that is stopped or killed at any moment and resumed comes to the same bits.
class RECVAE_API Run {
 public:
  /// All but `directory` outlive the run.
  Run(Fit& fit, const ModelMetadata& metadata, const RunIdentity& identity, std::string directory,
      CheckpointPlan plan = {});

  /// Goes on from a checkpoint of this run: the directory's files become those of then. Throws ad::Error.
  void resume(const Checkpoint& from);

  /// Fit::step, with the files that are due after it. Throws as run().
  std::optional<FitEpoch> step();
  /// The run ends here for now: writes a checkpoint, unless there is one of this very moment. Throws ad::Error.
  void stop();

  /// Trains to the end, calling back as Fit does, after the epoch's files are written. Where the callback returns
  /// false, writes a checkpoint and returns. Throws ad::Error, also for a file that cannot be written: what was there
  /// stays.
  void run(const Fit::Callback& callback);

  /// The directory was renamed.
  void move_to(const std::string& directory);

  double checkpoint_seconds() const { return checkpoint_seconds_; }  ///< of writing all files
  double seconds() const;                                            ///< since run() began
  const std::string& log() const { return log_; }                    ///< lines of metrics.jsonl
  std::int64_t checkpoints_written() const { return written_; }      ///< so far

 private:
  using Clock = std::chrono::steady_clock;

  template <class F>
  auto or_save_best(const F& f);
  void end_epoch(const FitEpoch& epoch);
  void save_best();
  void write_checkpoint();
  bool is_affordable() const;
  bool is_due_within_epoch() const;
  std::string file(const char* name) const { return directory_ + "/" + name; }

  Fit& fit_;
  const ModelMetadata& metadata_;
  const RunIdentity& identity_;
  std::string directory_;
  CheckpointPlan plan_;
  Checkpoints checkpoints_;
  std::string log_;
  std::ofstream log_file_;
  bool resumed_ = false;
  std::optional<WrittenFile> best_;
  // Of the best epoch's weights: has best_ got them, are they those of the fit, and else, where that is needed, a copy.
  bool best_is_written_ = true, best_is_here_ = false;
  std::unique_ptr<RecVae<float>> best_copy_;
  Clock::time_point start_ = Clock::now(), last_ = start_;
  double checkpoint_seconds_ = 0, writing_seconds_ = 0;  // of all of them; since the last epoch
  double seconds_per_byte_ = 1 / 200e6;                  // of the last one
  FileBytes bytes_;
  std::int64_t written_ = 0;
  bool is_written_ = false;  // all as it is after the last step
};

}  // namespace recvae
