#include "model_metadata.h"

#include "data/load.h"
#include "data/read/raw.h"
#include "recvae/json_value.h"

namespace recvae::tools {
std::string settings_metadata(const Settings& settings, const data::DataOptions& data) {
  auto j = nlohmann::ordered_json::parse(to_json(settings));
  data::DataOptions::visit(
      [&](const data::Option& option, const auto& value) {
        if (option.use != data::OptionUse::source) j[option.name] = to_json_value(value);
      },
      data);
  j["split_seed"] = data.seed();
  return j.dump();
}

std::string baseline_metadata(const std::string& settings, const std::string& baseline, const BaselineOptions& options,
                              std::int64_t prune) {
  auto j = nlohmann::ordered_json::parse(settings);
  const BaselineUses uses = baseline_uses(baseline);
  if (uses.lambda) j["lambda"] = options.lambda;
  if (uses.dropout) j["dropout"] = options.dropout;
  if (uses.neighbors) j["neighbors"] = options.neighbors;
  if (prune > 0) j["prune"] = prune;
  return j.dump();
}

void apply_data_metadata(const std::string& path, const std::string& metadata, const CommandLine& line,
                         data::DataOptions& options, DataUse use) {
  if (metadata.empty()) return;
  const data::Input input = data::find_input(options);
  using data::OptionUse, data::SplitKind;
  try {
    const nlohmann::json j = parse_settings(metadata);
    std::optional<SplitKind> recorded;
    take_setting(j, "split", recorded);
    const bool another =
        line.given("split") && options.split.value_or(SplitKind::strong) != recorded.value_or(SplitKind::strong);
    data::DataOptions::visit(
        [&](const data::Option& option, auto& value) {
          if (option.use == OptionUse::source || !data::has_meaning(option.use, input)) return;
          if (use == DataUse::histories && option.use != OptionUse::filter) return;
          const bool of_split = option.use == OptionUse::split || option.use == OptionUse::seed;
          if (line.given(option.name) || (of_split && another && input.kind == data::Input::Kind::raw)) return;
          take_setting(j, option.name, value);
        },
        options);
    data::check_options(options);
  } catch (const data::UsageError& error) {  // the command line alone was right
    throw data::DataError(path + ": its settings and the options given do not go together: " + error.what());
  } catch (const std::runtime_error& error) {
    throw data::DataError(path + ": " + error.what());
  }
}

void check_layer_norm_eps(double layer_norm_eps) {
  Settings settings;
  settings.layer_norm_eps = layer_norm_eps;
  validate(settings);
}

}  // namespace recvae::tools
