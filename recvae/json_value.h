// Values out of JSON that others may have written, taken only where they are what is expected. Private: no installed
// header includes it.
#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../data/error.h"
#include "../data/options.h"

namespace recvae {

/// The settings of a model, or what else is an object of values and of lists of values. Throws std::runtime_error,
/// which begins with `what`, for any other text.
inline nlohmann::json parse_settings(const std::string& text, const std::string& what = "settings") {
  const auto flat = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    if (depth > 2) throw std::runtime_error(what + ": expected values and lists of values, found deeper nesting");
    return true;
  };
  nlohmann::json j = nlohmann::json::parse(text, flat, false);
  if (!j.is_object()) throw std::runtime_error(what + ": not a JSON object");
  return j;
}

/// Takes a value, or says what it expected: an integer is one, and in the range of its type.
inline const char* take_value(const nlohmann::json& j, bool& value) {
  if (!j.is_boolean()) return "true or false";
  value = j.get<bool>();
  return nullptr;
}
/// The same of a whole number.
template <std::integral T>
const char* take_value(const nlohmann::json& j, T& value) {
  if (!j.is_number_integer()) return "an integer";
  const bool fits =
      j.is_number_unsigned() ? std::in_range<T>(j.get<std::uint64_t>()) : std::in_range<T>(j.get<std::int64_t>());
  if (!fits) return std::is_signed_v<T> ? "a smaller integer" : "an integer from 0 on, and a smaller one";
  value = j.get<T>();
  return nullptr;
}
/// The same of a number.
inline const char* take_value(const nlohmann::json& j, double& value) {
  if (!j.is_number()) return "a number";
  value = j.get<double>();
  return nullptr;
}
/// The same of a text.
inline const char* take_value(const nlohmann::json& j, std::string& value) {
  if (!j.is_string()) return "a string";
  value = j.get<std::string>();
  return nullptr;
}
/// The same, or null: nothing.
template <class T>
const char* take_value(const nlohmann::json& j, std::optional<T>& value);
/// The same of a list.
template <class T>
const char* take_value(const nlohmann::json& j, std::vector<T>& values) {
  if (!j.is_array()) return "a list";
  values.assign(j.size(), T{});
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (const char* expected = take_value(j[k], values[k])) return expected;
  }
  return nullptr;
}
/// The same, or null: nothing.
template <class T>
const char* take_value(const nlohmann::json& j, std::optional<T>& value) {
  value.reset();
  return j.is_null() ? nullptr : take_value(j, value.emplace());
}

/// Of an enum that data/options.h names: its name, or the empty text.
template <class E>
requires std::is_enum_v<E>
const char* take_value(const nlohmann::json& j, std::optional<E>& value) {
  std::optional<std::string> text;
  if (const char* expected = take_value(j, text)) return expected;
  try {
    data::parse_value(text.value_or(""), value);
    return nullptr;
  } catch (const std::invalid_argument& names) {  // the same for any text
    static const std::string expected = names.what();
    return expected.c_str();
  }
}

/// As take_value() reads it back.
template <class T>
nlohmann::ordered_json to_json_value(const T& value) {
  return value;
}
/// The same; nothing: null, of an enum the empty text.
template <class T>
nlohmann::ordered_json to_json_value(const std::optional<T>& value) {
  if constexpr (std::is_enum_v<T>)
    return value ? data::name_of(*value) : "";
  else
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

/// Takes the member `name` of parsed settings, if it is there. Throws std::runtime_error that names it.
template <class T>
void take_setting(const nlohmann::json& settings, const char* name, T& value) {
  const auto it = settings.find(name);
  if (it == settings.end()) return;
  if (const char* expected = take_value(*it, value)) {
    throw std::runtime_error(std::string("settings: ") + name + ": expected " + expected + ", found " +
                             data::excerpt(it->dump()));
  }
}

}  // namespace recvae
