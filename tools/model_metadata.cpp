#include "model_metadata.h"

#include "data/read/raw.h"
#include "recvae/json_value.h"

namespace recvae::tools {
namespace {

template <class T>
nlohmann::ordered_json to_json_value(const T& value) {
  return value;
}
template <class T>
nlohmann::ordered_json to_json_value(const std::optional<T>& value) {
  if constexpr (std::is_enum_v<T>)
    return value ? data::name_of(*value) : "";
  else
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

/// take_setting, which knows the names of enums, too.
template <class T>
void take_option(const nlohmann::json& settings, const char* name, T& value) {
  take_setting(settings, name, value);
}
template <class E>
requires std::is_enum_v<E>
void take_option(const nlohmann::json& settings, const char* name, std::optional<E>& value) {
  std::optional<std::string> text;
  take_setting(settings, name, text);
  try {
    data::parse_value(text.value_or(""), value);
  } catch (const std::invalid_argument& expected) {
    throw std::runtime_error(std::string("settings: ") + name + ": expected " + expected.what() + ", found " +
                             data::excerpt(*text));
  }
}

}  // namespace

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

void apply_data_metadata(const std::string& path, const std::string& metadata, const CommandLine& line,
                         data::DataOptions& options, DataUse use) {
  if (metadata.empty()) return;
  const data::Input input = data::find_input(options);
  using data::OptionUse, data::SplitKind;
  try {
    const nlohmann::json j = parse_settings(metadata);
    std::optional<SplitKind> recorded;
    take_option(j, "split", recorded);
    const bool another =
        line.given("split") && options.split.value_or(SplitKind::strong) != recorded.value_or(SplitKind::strong);
    data::DataOptions::visit(
        [&](const data::Option& option, auto& value) {
          if (option.use == OptionUse::source || !data::has_meaning(option.use, input)) return;
          if (use == DataUse::histories && option.use != OptionUse::filter) return;
          const bool of_split = option.use == OptionUse::split || option.use == OptionUse::seed;
          if (line.given(option.name) || (of_split && another && input.kind == data::Input::Kind::raw)) return;
          take_option(j, option.name, value);
        },
        options);
    data::check_options(options);
  } catch (const data::UsageError& error) {  // the command line alone was right
    throw data::DataError(path + ": its settings and the options given do not go together: " + error.what());
  } catch (const std::runtime_error& error) {
    throw data::DataError(path + ": " + error.what());
  }
}

void match_items(const std::string& path, LoadedModel& model, const std::vector<std::string>& items) {
  if (model.model.items() != std::ssize(items)) {
    throw data::DataError(path + ": the model's items do not match the data: expected " + std::to_string(items.size()) +
                          ", found " + std::to_string(model.model.items()));
  }
  if (model.item_tokens.empty() || reorder_items(model, items)) return;
  const data::Vocabulary known(model.item_tokens);
  const auto unknown = std::ranges::find_if(items, [&](const std::string& token) { return known.find(token) < 0; });
  throw data::DataError(path + ": the model's items do not match the data: it does not know the data's " +
                        data::excerpt(*unknown) + " (were filter and split options the same?)");
}

}  // namespace recvae::tools
