// What a model file says of how its model came to be: settings and the split of its data, as one JSON object.
#pragma once

#include <string>

#include "command_line.h"
#include "recvae/baselines/baselines.h"
#include "recvae/model_file.h"

namespace recvae::tools {

/// For the metadata entry `settings`. Holds no path, time or thread count.
std::string settings_metadata(const Settings& settings, const data::DataOptions& data);

/// The same of item weights, with the options that their baseline uses; `prune`: none where it is 0.
std::string baseline_metadata(const std::string& settings, const std::string& baseline, const BaselineOptions& options,
                              std::int64_t prune = 0);

/// Takes filter and split options from the metadata of the model at `path` into `options`, those that have a meaning
/// for the data: all for raw data (filters alone where histories are asked for),
/// `validation_ratio` where files give train and test only, `test_history` unless users are held out. What the command
/// line gives stays; where it gives another kind of split, none of the recorded one is taken. Throws DataError, which
/// names `path`, where the two do not go together.
void apply_data_metadata(const std::string& path, const std::string& metadata, const CommandLine& line,
                         data::DataOptions& options, DataUse use = DataUse::training);

/// Throws UsageError where no model can have it.
void check_layer_norm_eps(double layer_norm_eps);

/// Takes over the settings that the command line gives; they were read into `given`.
inline void take_given(const CommandLine& line, const Settings& given, Settings& settings) {
  Settings::visit(
      [&](const char* name, const char*, auto& setting, auto& value) {
        if (line.given(name)) setting = value;
      },
      settings, given);
}

}  // namespace recvae::tools
