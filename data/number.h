#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace recvae::data {

/// The finite decimal number that `text` is, blanks around it and a plus sign allowed; nothing where it is none, or
/// none that a T holds. Knows no locale.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return {};
  }
  return value;
}

/// Decimal digits, nothing else, of a number in [0, 2^31); nothing where `text` is not that.
std::optional<std::int32_t> parse_index(std::string_view text);

/// A moment: a number of a time column's unit, or an ISO 8601 date or time, in whole microseconds since 1970 UTC.
struct Moment {
  double value = 0;
  bool is_date = false;

  /// Of a date, as the nearest number of a unit of which a second has 1, 1e3, 1e6 or 1e9; a number as it is.
  double in(double units_per_second) const {
    if (!is_date) return value;
    return units_per_second < 1e6 ? value / (1e6 / units_per_second) : value * (units_per_second / 1e6);
  }
};

/// Of a number, `2024-01-31` (its midnight) or `2024-01-31T12:00:00.5+01:00`: a blank may stand for the T, a comma for
/// the point; seconds, fraction and offset (Z, ` UTC`, +01:00, +0100, +01, also after a blank) may be missing; without
/// an offset it is UTC; blanks around it and small letters do not matter. Nothing where `text` is none of these.
std::optional<Moment> parse_moment(std::string_view text);

}  // namespace recvae::data
