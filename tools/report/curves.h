// The section on learning curves, and how the report writes durations.
#pragma once

#include "page.h"
#include "report.h"

namespace recvae::tools::report {

/// 12.3 s, 4 min 05 s, 2 h 03 min
std::string duration_text(double seconds);
/// Four decimals; a dash where there is none.
std::string metric_text(double value);
/// Passes, validation and checkpoints.
double total_seconds(const std::vector<Epoch>& epochs);
/// Of the passes of all epochs; NaN where it is not known.
double mean_users_per_second(const std::vector<Epoch>& epochs);

/// Empty where there are no epochs.
Html learning_curves(const RunReport& report);

}  // namespace recvae::tools::report
