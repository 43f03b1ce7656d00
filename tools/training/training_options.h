// What the commands that train have in common on the command line.
#pragma once

#include <string>

#include "command_line.h"
#include "recvae/settings.h"

namespace recvae::tools {

/// Data, preset and settings.
struct TrainingOptions {
  std::string preset = "paper", model;
  data::DataOptions data;
  Settings given;     ///< what the line and files say, with `paper`'s for the others
  Settings settings;  ///< those in force, after resolve()
};

/// --preset, --config, the data's options, RecBole's spelling, and an option for each setting. `options` outlives the
/// line's parse().
void add_training_options(CommandLine& line, TrainingOptions& options);

/// After parse(): the preset's settings, changed by what is given; of preset recbole, which RecBole's spelling selects,
/// also its way with data. Throws UsageError; DataError for what is wrong in a file or with the data's path.
void resolve(const CommandLine& line, TrainingOptions& options);

/// A directory that is not there: `runs/<prefix><data>-<time>`.
std::string default_out(const std::string& prefix, const std::string& data_path);

}  // namespace recvae::tools
