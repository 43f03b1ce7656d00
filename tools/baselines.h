// Baselines on the command line: their options, and whether this machine can have them.
#pragma once

#include <string>

#include "command_line.h"
#include "recvae/baselines.h"

namespace recvae::tools {

/// --lambda, --ease_precision, --neighbors.
void add_baseline_options(CommandLine& line, BaselineOptions& options);

/// Says how much memory an expensive baseline takes; throws DataError where there is not so much.
void announce_baseline(const std::string& name, std::int64_t items, const BaselineOptions& options);

/// Whether the baseline fits in half the free memory and in a minute, by the rate of a short matrix product; says so
/// where it does not.
bool is_affordable(const std::string& name, std::int64_t items, const BaselineOptions& options);

}  // namespace recvae::tools
