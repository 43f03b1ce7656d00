#include "run_config.h"

#include <algorithm>
#include <filesystem>

#include "config_file.h"
#include "recvae/baselines/baselines.h"
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
  add("dropout", run.dropout);
  add("ease_double", run.ease_double);
  add("neighbors", run.neighbors);
  if (run.save_baselines) j["save_baselines"] = true;
  add("prune", run.prune);
  add("blend", run.blend);
  add("blend_weight", run.blend_weight);
  add("checkpoint_minutes", run.checkpoint_minutes);
  add("item_names", run.item_names);
  Settings::visit([&](const char* name, const char*, const auto& value) { j[name] = to_json_value(value); },
                  run.settings);
  return config_text(j);
}

namespace {

std::string absolute_path(const std::string& path) {
  if (path.empty()) return path;
  const std::filesystem::path whole = std::filesystem::absolute(path);
  const bool goes_up = std::ranges::find(whole, "..") != whole.end();  // from where a link leads to, if it is one
  return (goes_up ? whole : whole.lexically_normal()).string();
}

}  // namespace

std::string absolute_data_path(const std::string& path) {
  return path == "-" || path == "demo" ? path : absolute_path(path);
}

RunConfig with_absolute_paths(RunConfig run) {
  run.data.path = absolute_data_path(run.data.path);
  run.init_from = absolute_path(run.init_from);
  run.item_names = absolute_path(run.item_names);
  if (run.blend) {
    for (std::string& part : *run.blend) part = has_item_weights(part) ? part : absolute_path(part);
  }
  return run;
}

}  // namespace recvae::tools
