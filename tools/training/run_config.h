// What a training run does, as settings that --config takes back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/options.h"
#include "recvae/settings.h"

namespace recvae::tools {

/// All that decides a run's results, beside the data's content. What is not given, here and of `data`, has its default.
struct RunConfig {
  data::DataOptions data;
  std::string init_from;
  bool refit = false;
  std::optional<std::vector<std::string>> baselines{};
  std::optional<double> lambda{}, dropout{};
  std::optional<bool> ease_double{};
  std::optional<std::int64_t> neighbors{};
  bool save_baselines = false;
  std::optional<std::int64_t> prune{};
  std::optional<std::vector<std::string>> blend{}, blend_weight{};
  std::optional<double> checkpoint_minutes{};
  std::string item_names{};
  Settings settings;
};

/// What is given of the run's options, and all settings, as YAML. No preset: it would change nothing.
std::string config_text(const RunConfig& run);

/// What --data has, from any working directory; `-` and `demo` stay what they are.
std::string absolute_data_path(const std::string& path);

/// The same run from any working directory.
RunConfig with_absolute_paths(RunConfig run);

}  // namespace recvae::tools
