// Baselines on the command line: their options, and whether this machine can have them.
#pragma once

#include <string>

#include "command_line.h"
#include "data/dataset.h"
#include "recvae/baselines.h"
#include "recvae/metrics.h"

namespace recvae::tools {

/// --lambda, whose default is as said, --ease_double, --neighbors.
void add_baseline_options(CommandLine& line, BaselineOptions& options, const std::string& default_lambda = "250");

/// Says how much memory an expensive baseline takes; throws DataError where there is not so much.
void announce_baseline(const std::string& name, std::int64_t items, const BaselineOptions& options);

/// Whether this many of the baseline fit in half the free memory and in a minute at 100 GFLOP/s in double precision.
/// The time is counted, not measured, so that what is printed does not depend on how busy a machine is.
bool is_affordable(const std::string& name, std::int64_t items, const BaselineOptions& options, double count = 1);

/// The lambda of 10, 50, 250 and 1250 whose EASE, in single precision, is best on the validation users; that of
/// `options` where there are none of them, or where so many EASE would not be affordable.
double choose_lambda(const data::Dataset& data, const Metric& metric, const MetricContext& context,
                     const BaselineOptions& options);

}  // namespace recvae::tools
