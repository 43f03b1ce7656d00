#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "../autodiff/kernels/api.h"

namespace recvae::data {

namespace detail {

/// The usual numbers, fast: up to 15 digits, with or without a point. Both parts of the quotient are exact in a double,
/// so it is the nearest one.
inline std::optional<double> short_decimal(std::string_view text) {
  constexpr double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (text.empty() || text.size() > 15 || text[0] == '.' || text.back() == '.') return {};
  std::int64_t digits = 0;
  std::size_t point = text.size();
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (text[k] == '.' && point == text.size()) {
      point = k + 1;
    } else if (text[k] < '0' || text[k] > '9') {
      return {};
    } else {
      digits = 10 * digits + (text[k] - '0');
    }
  }
  return static_cast<double>(digits) / powers[text.size() - point];
}

}  // namespace detail

/// The finite decimal number that `text` is, blanks around it and a plus sign allowed; nothing where it is none, or
/// none that a T holds. Knows no locale.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  if constexpr (std::is_same_v<T, double>) {
    if (const auto value = detail::short_decimal(text)) return value;
  }
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
RECVAE_API std::optional<std::int32_t> parse_index(std::string_view text);

/// A moment: a number of a time column's unit, or an ISO 8601 date or time, in whole microseconds since 1970 UTC.
struct Moment {
  double value = 0;      ///< in the column's unit, or in microseconds
  bool is_date = false;  ///< a date or time?

  /// Of a date, as the nearest number of a unit of which a second has 1, 1e3, 1e6 or 1e9; a number as it is.
  double in(double units_per_second) const {
    if (!is_date) return value;
    return units_per_second < 1e6 ? value / (1e6 / units_per_second) : value * (units_per_second / 1e6);
  }
};

/// Of a number, `2024-01-31` (its midnight) or `2024-01-31T12:00:00.5+01:00`: a blank may stand for the T, a comma for
/// the point; seconds, fraction and offset (Z, ` UTC`, +01:00, +0100, +01, also after a blank) may be missing; without
/// an offset it is UTC; blanks around it and small letters do not matter. Nothing where `text` is none of these.
RECVAE_API std::optional<Moment> parse_moment(std::string_view text);

}  // namespace recvae::data
