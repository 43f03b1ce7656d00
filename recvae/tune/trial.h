// One trial: a model trained by settings of its own, up to an epoch and on from there.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "../fit.h"
#include "search.h"

namespace recvae::tune {

/// A model in training, and a copy of it as it was in its best epoch.
class Trial {
 public:
  /// `data` and `context` outlive it; `scratch` is Fit's. Throws ad::Error.
  Trial(const Settings& settings, const data::Dataset& data, const MetricContext& context, const std::string& scratch);

  /// Trains to the end of `epochs`, or to that of the settings or where they stop earlier, and tests the best epoch. Of
  /// the record, the task is left to the caller. Asked after each step, `stop` ends it with data::Stopped.
  Record train(std::int64_t epochs, const std::function<bool()>& stop);

 private:
  const data::Dataset& data_;
  const MetricContext& context_;
  Fit fit_;
  std::optional<RecVae<float>> best_;
  double seconds_ = 0;
};

/// Bytes that a trial takes: weights, moments, gradients, the best epoch's weights and the posterior table.
double trial_bytes(const Settings& settings, const data::Dataset& data);

}  // namespace recvae::tune
