// One trial: a model trained by settings of its own, up to an epoch and on from there.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "../../autodiff/kernels/api.h"
#include "../checkpoint.h"
#include "search.h"

namespace recvae::tune {

/// A model in training, and a copy of it as it was in its best epoch. What takes long is not lost with the process: it
/// writes checkpoints, where the disk has room, and goes on from them.
class RECVAE_API Trial {
 public:
  /// Goes on from the last sound checkpoint in `folder`, which is made where it is not there, if it is one of such a
  /// trial; else begins. So many seconds of training are worth a checkpoint when it is stopped or paused. `data` and
  /// `context` outlive it. Throws ad::Error.
  Trial(const Settings& settings, const data::Dataset& data, const MetricContext& context, std::string folder,
        double worth_saving);

  /// Trains to the end of `epochs`, or to that of the settings or where they stop earlier, and tests the best epoch. Of
  /// the record, the task is left to the caller. Asked after each step, `cancelled` ends it with data::Stopped, and so
  /// does `stop`, after a checkpoint. Throws data::DataError where one cannot be written.
  Record train(std::int64_t epochs, const std::function<bool()>& cancelled, const std::function<bool()>& stop);

  /// It will wait before it goes on: writes a checkpoint, as when it is stopped.
  void pause() { save(worth_saving_); }

 private:
  void save(double seconds);

  const data::Dataset& data_;
  const MetricContext& context_;
  std::string folder_;
  double worth_saving_;
  RunIdentity identity_;
  std::unique_ptr<Fit> fit_;
  std::optional<RecVae<float>> best_;
  double seconds_ = 0;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

/// Bytes that a trial takes: weights, moments, gradients, the best epoch's weights and the posterior table.
RECVAE_API double trial_bytes(const Settings& settings, const data::Dataset& data);

}  // namespace recvae::tune
