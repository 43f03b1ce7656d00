#include "setup.h"

#include "recvae/json_value.h"

namespace recvae::tools {
namespace {

constexpr const char* kFormat = "recvae_tune 1";
const std::string kData = "data: ";  // before the names of the data's parts

/// Calls f(name, member) for what is neither a setting nor an option of the data.
template <class Setup, class F>
void visit_own(Setup& setup, F f) {
  f("params", setup.params);
  f("params_file", setup.params_file);
  f("algo", setup.algo);
  f("max_evals", setup.max_evals);
  f("early_stop", setup.early_stop);
}

}  // namespace

tune::Plan SearchSetup::plan() const {
  const auto algorithm = algo == "random" ? tune::Algorithm::random
                         : algo == "asha" ? tune::Algorithm::asha
                                          : tune::Algorithm::exhaustive;
  return tune::make_plan(settings, tune::parse_space(params, params_file, settings), algorithm, max_evals, early_stop);
}

std::string to_json(const SearchSetup& setup, const Fingerprints& data) {
  nlohmann::ordered_json j;
  j["format"] = kFormat;
  const auto put = [&](const char* name, const auto& value) { j[name] = to_json_value(value); };
  visit_own(setup, put);
  data::DataOptions::visit([&](const data::Option& option, const auto& value) { put(option.name, value); }, setup.data);
  Settings::visit([&](const char* name, const char*, const auto& value) { put(name, value); }, setup.settings);
  for (const auto& [part, hash] : data) j[kData + part] = hash;
  return j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::pair<SearchSetup, Fingerprints> setup_from_json(const std::string& text) {
  const nlohmann::json j = parse_settings(text);
  std::string format;
  take_setting(j, "format", format);
  if (format != kFormat) throw std::runtime_error(std::string("expected a search of format '") + kFormat + "'");
  std::pair<SearchSetup, Fingerprints> found;
  auto& [setup, data] = found;
  const auto take = [&](const char* name, auto& value) { take_setting(j, name, value); };
  visit_own(setup, take);
  data::DataOptions::visit([&](const data::Option& option, auto& value) { take(option.name, value); }, setup.data);
  Settings::visit([&](const char* name, const char*, auto& value) { take(name, value); }, setup.settings);
  for (const auto& [key, hash] : j.items()) {
    if (key.starts_with(kData) && hash.is_string())
      data.emplace_back(key.substr(kData.size()), hash.get<std::string>());
  }
  return found;
}

}  // namespace recvae::tools
