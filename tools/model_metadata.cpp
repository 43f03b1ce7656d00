#include "model_metadata.h"

#include "data/read/input.h"
#include "recvae/json_value.h"

namespace recvae::tools {
namespace {

// The options that decide, beside the path, which interactions there are and whose they are.
template <class F, class D>
void visit_filters(F f, D& d) {
  f("threshold", d.threshold);
  f("min_users_per_item", d.min_users_per_item);
  f("min_items_per_user", d.min_items_per_user);
}
template <class F, class D>
void visit_split(F f, D& d) {
  f("split", d.split);
  f("ratios", d.ratios);
  f("order", d.order);
  f("group_by", d.group_by);
  f("valid_from", d.valid_from);
  f("test_from", d.test_from);
  f("time_users", d.time_users);
  f("heldout_users", d.heldout_users);
  f("split_seed", d.split_seed);
}
template <class F, class D>
void visit_history(F f, D& d) {
  f("test_history", d.test_history);
}
template <class F, class D>
void visit_validation(F f, D& d) {
  f("validation_ratio", d.validation_ratio);
}

template <class T>
nlohmann::ordered_json to_json_value(const T& value) {
  return value;
}
template <class T>
nlohmann::ordered_json to_json_value(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

std::string settings_metadata(const Settings& settings, const data::DataOptions& data) {
  auto j = nlohmann::ordered_json::parse(to_json(settings));
  const auto write = [&](const char* name, const auto& value) { j[name] = to_json_value(value); };
  visit_filters(write, data);
  visit_split(write, data);
  visit_history(write, data);
  visit_validation(write, data);
  return j.dump();
}

void apply_data_metadata(const std::string& metadata, const CommandLine& line, data::DataOptions& options,
                         DataUse use) {
  if (metadata.empty()) return;
  const data::Input input = data::find_input(options);
  const nlohmann::json j = parse_settings(metadata);
  const auto read = [&](const char* name, auto& value) {
    try {
      if (!line.given(name)) take_setting(j, name, value);
    } catch (const std::runtime_error& error) {
      throw data::DataError(std::string("the model's ") + error.what());
    }
  };
  using Kind = data::Input::Kind;
  if (input.kind == Kind::raw) visit_filters(read, options);
  if (use == DataUse::histories) return;
  const auto or_strong = [](const std::string& split) { return split.empty() ? "strong" : split; };
  std::string recorded;
  if (j.contains("split") && j["split"].is_string()) take_setting(j, "split", recorded);
  const bool another = line.given("split") && or_strong(options.split) != or_strong(recorded);
  if (input.kind == Kind::raw && !another) visit_split(read, options);
  if (input.kind != Kind::prepared) visit_history(read, options);
  if (input.kind == Kind::parts && input.valid.empty()) visit_validation(read, options);
}

void match_items(const std::string& path, const LoadedModel& model, const std::vector<std::string>& items) {
  const std::size_t count = static_cast<std::size_t>(model.model.items());
  if (count != items.size()) {
    throw data::DataError(path + ": the model's items do not match the data: expected " + std::to_string(items.size()) +
                          ", found " + std::to_string(count));
  }
  for (std::size_t j = 0; j < model.item_tokens.size(); ++j) {
    if (model.item_tokens[j] != items[j]) {
      throw data::DataError(path + ": the model's items do not match the data: item " + std::to_string(j) + " is " +
                            data::excerpt(items[j]) + " in the data, " + data::excerpt(model.item_tokens[j]) +
                            " in the model (were filter and split options the same?)");
    }
  }
}

}  // namespace recvae::tools
