#include "run_config.h"

#include <algorithm>
#include <filesystem>

#include "config_file.h"
#include "recvae/json_value.h"

namespace recvae::tools {

std::string config_text(const RunConfig& run) {
  nlohmann::ordered_json j;
  const auto add = [&](const char* name, const auto& value) {
    if (data::is_given(value)) j[name] = to_json_value(value);
  };
  data::DataOptions::visit([&](const data::Option& option, const auto& value) { add(option.name, value); }, run.data);
  add("init_from", run.init_from);
  if (run.refit) j["refit"] = true;
  add("baselines", run.baselines);
  if (run.baselines && run.baselines->empty()) j["baselines"] = nullptr;
  add("lambda", run.lambda);
  add("ease_double", run.ease_double);
  add("neighbors", run.neighbors);
  add("checkpoint_minutes", run.checkpoint_minutes);
  add("item_names", run.item_names);
  Settings::visit([&](const char* name, const char*, const auto& value) { j[name] = to_json_value(value); },
                  run.settings);
  return config_text(j);
}

RunConfig with_absolute_paths(RunConfig run) {
  const auto absolute = [](std::string& path) {
    if (path.empty()) return;
    const std::filesystem::path whole = std::filesystem::absolute(path);
    const bool goes_up = std::ranges::find(whole, "..") != whole.end();  // from where a link leads to, if it is one
    path = (goes_up ? whole : whole.lexically_normal()).string();
  };
  if (run.data.path != "-" && run.data.path != "demo") absolute(run.data.path);
  absolute(run.init_from);
  absolute(run.item_names);
  return run;
}

}  // namespace recvae::tools
