// Baselines on the command line: their options, and whether this machine can have them.
#pragma once

#include <optional>
#include <string>

#include "command_line.h"
#include "data/dataset.h"
#include "recvae/baselines/baselines.h"
#include "recvae/baselines/ease_search.h"
#include "recvae/evaluate/metrics.h"

namespace recvae::tools {

/// --lambda, --dropout, whose defaults are as said, --ease_double, --neighbors.
void add_baseline_options(CommandLine& line, BaselineOptions& options, const std::string& default_lambda = "250",
                          const std::string& default_dropout = "chosen on validation");

/// Which of them the command line gives.
EaseFixed given_options(const CommandLine& line);

/// Bytes that can still be had without swapping; infinite where the system does not say.
double available_memory();

/// Says how much memory an expensive baseline takes, and returns the bytes of it and of what is `beside` it; throws
/// DataError where there are not so many.
double announce_baseline(const std::string& name, const data::Csr& train, const BaselineOptions& options,
                         double beside = 0);

/// Whether a baseline that is tested once fits in half the free memory and in a minute. The time is counted, not
/// measured, so that what is printed does not depend on how busy a machine is.
bool is_affordable(const std::string& name, const data::Dataset& data, const BaselineOptions& options);

/// The options with the lambda, and the dropout of edlae, of recvae::choose_ease, within a minute (edlae: three), said
/// in a log line with its neighbours. None where nothing is chosen, as nothing can be or there is no validation or
/// time.
std::optional<BaselineOptions> find_options(const std::string& name, const data::Dataset& data, const Metric& metric,
                                            const MetricContext& context, const BaselineOptions& options,
                                            EaseFixed fixed);

}  // namespace recvae::tools
