#include "model_metadata.h"

#include <nlohmann/json.hpp>

#include "data/input.h"

namespace recvae::tools {
namespace {

// The options that decide which interactions are whose, beside the path.
template <class F, class D>
void visit_split(F f, D& d) {
  f("threshold", d.threshold);
  f("min_users_per_item", d.min_users_per_item);
  f("min_items_per_user", d.min_items_per_user);
  f("split", d.split);
  f("heldout_users", d.heldout_users);
  f("split_seed", d.split_seed);
  f("validation_ratio", d.validation_ratio);
}

template <class T>
nlohmann::ordered_json to_json_value(const T& value) { return value; }
template <class T>
nlohmann::ordered_json to_json_value(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

template <class T>
void from_json_value(const nlohmann::json& j, T& value) { value = j.get<T>(); }
template <class T>
void from_json_value(const nlohmann::json& j, std::optional<T>& value) {
  if (j.is_null()) value.reset();
  else value = j.get<T>();
}

}  // namespace

std::string settings_metadata(const Settings& settings, const data::DataOptions& data) {
  auto j = nlohmann::ordered_json::parse(to_json(settings));
  visit_split([&](const char* name, const auto& value) { j[name] = to_json_value(value); }, data);
  return j.dump();
}

void apply_data_metadata(const std::string& metadata, const CommandLine& line, data::DataOptions& options) {
  if (metadata.empty() || data::find_input(options).kind != data::Input::Kind::raw) return;
  const auto j = nlohmann::json::parse(metadata, nullptr, false);
  visit_split([&](const char* name, auto& value) {
    if (line.given(name) || !j.is_object() || !j.contains(name)) return;
    try {
      from_json_value(j[name], value);
    } catch (const nlohmann::json::exception&) {
      throw data::DataError(std::string("the model's settings: ") + name + " has the wrong type");
    }
  }, options);
}

}  // namespace recvae::tools
