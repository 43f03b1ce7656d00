#include "number.h"

#include <algorithm>
#include <chrono>

namespace recvae::data {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Cuts a number of `count` digits off the front of `text`; `good` becomes false where there is none in [least, most].
int cut_number(std::string_view& text, std::size_t count, int least, int most, bool& good) {
  const auto value = text.size() < count ? std::nullopt : parse_index(text.substr(0, count));
  good = good && value && *value >= least && *value <= most;
  if (good) text.remove_prefix(count);
  return good ? *value : 0;
}

/// Is one of `marks` at the front of `text`? Then cuts it off.
bool cut_mark(std::string_view& text, std::string_view marks) {
  const bool found = !text.empty() && marks.find(text[0]) != std::string_view::npos;
  if (found) text.remove_prefix(1);
  return found;
}

/// Microseconds of what follows the date, back to UTC.
std::int64_t cut_time(std::string_view& text, bool& good) {
  std::int64_t time = 60 * cut_number(text, 2, 0, 23, good);
  good = good && cut_mark(text, ":");
  time = 60 * (time + cut_number(text, 2, 0, 59, good));
  const bool seconds = cut_mark(text, ":");
  if (seconds) time += cut_number(text, 2, 0, 60, good);  // 60: a leap second
  time *= 1'000'000;
  if (seconds && cut_mark(text, ".,")) {
    const auto digits = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    good = good && digits > 0;
    for (std::size_t k = 0, unit = 100'000; k < std::min<std::size_t>(digits, 6); ++k, unit /= 10) {
      time += (text[k] - '0') * static_cast<std::int64_t>(unit);
    }
    text.remove_prefix(digits);
  }
  if (text == " UTC") text = "Z";
  if (cut_mark(text, "Zz") || text.empty()) return time;
  if (text.size() > 1 && (text[1] == '+' || text[1] == '-')) cut_mark(text, " ");
  const int sign = text[0] == '-' ? -1 : 1;
  good = good && cut_mark(text, "+-");
  std::int64_t offset = 60 * cut_number(text, 2, 0, 23, good);
  if (cut_mark(text, ":") || !text.empty()) offset += cut_number(text, 2, 0, 59, good);
  return time - sign * offset * 60'000'000;
}

}  // namespace

std::optional<std::int32_t> parse_index(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return {};
  return parse_number<std::int32_t>(text);
}

std::optional<Moment> parse_moment(std::string_view text) {
  if (const auto number = parse_number<double>(text)) return Moment{*number, false};
  while (cut_mark(text, " \t")) {
  }
  text = text.substr(0, text.find_last_not_of(" \t") + 1);
  bool good = true;
  const std::chrono::year year{cut_number(text, 4, 0, 9999, good)};
  good = good && cut_mark(text, "-");
  const std::chrono::month month{static_cast<unsigned>(cut_number(text, 2, 1, 12, good))};
  good = good && cut_mark(text, "-");
  const std::chrono::year_month_day date(year, month,
                                         std::chrono::day{static_cast<unsigned>(cut_number(text, 2, 1, 31, good))});
  std::int64_t time = 0;
  if (good && cut_mark(text, "Tt ")) time = cut_time(text, good);
  if (!good || !text.empty() || !date.ok()) return {};
  time += std::chrono::sys_days(date).time_since_epoch() / std::chrono::microseconds(1);
  return Moment{static_cast<double>(time), true};
}

}  // namespace recvae::data
