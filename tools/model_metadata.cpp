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

void apply_data_metadata(const std::string& metadata, const CommandLine& line, data::DataOptions& options,
                         DataUse use) {
  if (metadata.empty()) return;
  const data::Input input = data::find_input(options);
  const nlohmann::json j = parse_settings(metadata);
  const auto read = [&](const char* name, auto& value) {
    try {
      take_option(j, name, value);
    } catch (const std::runtime_error& error) {
      throw data::DataError(std::string("the model's ") + error.what());
    }
  };
  using data::OptionUse, data::SplitKind;
  std::optional<SplitKind> recorded;
  read("split", recorded);
  const bool another =
      line.given("split") && options.split.value_or(SplitKind::strong) != recorded.value_or(SplitKind::strong);
  data::DataOptions::visit(
      [&](const data::Option& option, auto& value) {
        if (option.use == OptionUse::source || !data::has_meaning(option.use, input)) return;
        if (use == DataUse::histories && option.use != OptionUse::filter) return;
        const bool of_split = option.use == OptionUse::split || option.use == OptionUse::seed;
        if (line.given(option.name) || (of_split && another && input.kind == data::Input::Kind::raw)) return;
        read(option.name, value);
      },
      options);
  // Older models record no seed that was not given: but for users held out, their own drew.
  const bool drawn =
      input.kind != data::Input::Kind::raw || (!another && recorded.value_or(SplitKind::strong) != SplitKind::strong);
  if (use == DataUse::histories || line.given("split_seed") || options.split_seed || !drawn ||
      !data::has_meaning(OptionUse::seed, input))
    return;
  std::uint64_t seed = options.seed();
  read("seed", seed);
  options.split_seed = seed & 0xffffffff;
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
