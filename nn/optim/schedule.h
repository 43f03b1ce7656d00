// Learning rates over time, as factors of a base rate: plain functions of the step, which multiply.
//
//   adam.options().learning_rate = 1e-3 * warm_up(step, 500) * cosine(step, 10000);
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace ad::nn {

/// factor^floor(step / every), for steps from 0 on and a positive `every`: torch.optim.lr_scheduler.StepLR.
inline double step_decay(std::int64_t step, std::int64_t every, double factor) {
  const std::int64_t decays = step / every;
  return std::pow(factor, static_cast<double>(decays));
}

/// From 1 at step 0 along half a cosine to `last` at `steps`, and `last` from there on (torch's CosineAnnealingLR).
inline double cosine(std::int64_t step, std::int64_t steps, double last = 0) {
  const double done = steps > 0 ? std::clamp(static_cast<double>(step) / static_cast<double>(steps), 0.0, 1.0) : 1;
  return last + (1 - last) * (1 + std::cos(std::numbers::pi * done)) / 2;
}

/// (step + 1) / steps, and 1 from there on: linear, and not 0 in the first step, which is 0.
inline double warm_up(std::int64_t step, std::int64_t steps) {
  return step >= steps ? 1 : static_cast<double>(step + 1) / static_cast<double>(steps);
}

}  // namespace ad::nn
