#include "options.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "error.h"
#include "filter/interval.h"
#include "number.h"

namespace recvae::data {
namespace {

std::string stripped(std::string text) {
  const auto blank = [](unsigned char c) { return std::isspace(c) != 0; };
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
  text.erase(std::find_if_not(text.rbegin(), text.rend(), blank).base(), text.end());
  return text;
}

void require(bool held, const std::string& option, const std::string& expected, const std::string& found) {
  if (!held) throw UsageError("--" + option + ": expected " + expected + ", found " + found);
}

void check_ratios(const std::vector<double>& ratios) {
  if (ratios.empty()) return;
  require(ratios.size() == 3, "ratios", "three numbers", std::to_string(ratios.size()));
  double sum = 0;
  for (const double ratio : ratios) {
    require(std::isfinite(ratio) && ratio >= 0, "ratios", "numbers from 0 on", std::to_string(ratio));
    sum += ratio;
  }
  require(ratios[0] > 0 && std::isfinite(sum), "ratios", "a part for training", std::to_string(ratios[0]));
}

/// Runs `parse` on an option's text.
template <class Parse>
void check_text(const char* option, const std::string& text, Parse parse) {
  if (text.empty()) return;
  try {
    parse(text);
  } catch (const std::invalid_argument& expected) {
    require(false, option, expected.what(), excerpt(text));
  }
}

void check_benchmark(const std::vector<std::string>& names) {
  if (names.empty()) return;
  bool good = names.size() == 3;
  for (std::size_t k = 0; k < names.size(); ++k) {
    good = good && !names[k].empty() && names[k].find('/') == std::string::npos &&
           std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(k), names[k]) ==
               names.begin() + static_cast<std::ptrdiff_t>(k);
  }
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ",") + name;
  require(good, "benchmark_filename", "three different names", excerpt(list));
}

void check_moments(const DataOptions& options) {
  const auto moment = [](const std::string& text, const char* option) {
    const auto found = parse_moment(text);
    require(text.empty() || found, option, "a number or an ISO 8601 date or time", excerpt(text));
    return found;
  };
  const auto valid = moment(options.valid_from, "valid_from"), test = moment(options.test_from, "test_from");
  // Of a number and a date, the data's unit of time decides.
  require(!valid || !test || valid->is_date != test->is_date || valid->value <= test->value, "valid_from",
          "a moment that is not after --test_from " + options.test_from, options.valid_from);
}

/// Refuses options of other splits than `options.split`, and asks for those that it needs.
void check_split(const DataOptions& options) {
  const auto only_with = [&](const std::string& option, std::initializer_list<SplitKind> splits) {
    std::string expected;
    for (const SplitKind split : splits) expected += (expected.empty() ? "--split " : " or ") + name_of(split);
    require(false, option, expected, options.split ? "--split " + name_of(*options.split) : "no --split");
  };
  const SplitKind split = options.split.value_or(SplitKind::strong);
  DataOptions::visit(
      [&](const Option& option, const auto& member) {
        const auto& splits = option.splits;
        const bool fits = splits.size() == 0 || std::find(splits.begin(), splits.end(), split) != splits.end();
        if (is_given(member) && !fits) only_with(option.name, splits);
      },
      options);
  if (options.group_by == GroupBy::none && split != SplitKind::ratio) only_with("group_by none", {SplitKind::ratio});
  if (split != SplitKind::time) return;
  require(!options.valid_from.empty(), "split time", "--valid_from", "none");
  require(!options.test_from.empty(), "split time", "--test_from", "none");
}

}  // namespace

template <class T>
void parse_value(const std::string& text, T& out) {
  if constexpr (std::is_same_v<T, std::string>) {
    out = text;
  } else if constexpr (std::is_same_v<T, bool>) {
    out = text == "true" || text == "True";
    if (!out && text != "false" && text != "False") throw std::invalid_argument("true or false");
  } else if (const std::optional<T> number = parse_number<T>(text)) {
    out = *number;
  } else {
    throw std::invalid_argument(std::is_floating_point_v<T> ? "a number"
                                : std::is_signed_v<T>       ? "a whole number"
                                                            : "a whole number from 0 on");
  }
}
template void parse_value(const std::string&, std::string&);
template void parse_value(const std::string&, bool&);
template void parse_value(const std::string&, int&);
template void parse_value(const std::string&, std::int64_t&);
template void parse_value(const std::string&, std::uint64_t&);
template void parse_value(const std::string&, double&);

std::vector<std::string> parse_list(const std::string& text) {
  std::vector<std::string> elements;
  std::string list = stripped(text);
  if (list.size() >= 2 && list.front() == '[' && list.back() == ']') list = stripped(list.substr(1, list.size() - 2));
  for (std::size_t begin = 0; !list.empty() && begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    std::string element = stripped(list.substr(begin, end - begin));
    if (element.size() >= 2 && (element[0] == '"' || element[0] == '\'') && element.back() == element[0]) {
      element = element.substr(1, element.size() - 2);
    }
    if (element.empty()) throw std::invalid_argument("a list such as [a,b]");
    elements.push_back(element);
    begin = end + 1;
  }
  return elements;
}

bool is_none(const std::string& text) { return text == "none" || text == "None" || text == "null"; }

bool splits_strongly(const DataOptions& options) {
  const SplitKind split = options.split.value_or(SplitKind::strong);
  return split == SplitKind::strong || (split == SplitKind::time && options.time_users == TimeUsers::newly_seen);
}

void check_options(const DataOptions& options, bool split_known) {
  const auto require_count = [&](const std::optional<int>& value, const char* option) {
    require(value.value_or(0) >= 0, option, "a number from 0 on", std::to_string(value.value_or(0)));
  };
  if (options.path.empty()) throw UsageError("--data: expected a file or a directory, found nothing");
  require(std::isfinite(options.threshold.value_or(0)), "threshold", "a finite number",
          std::to_string(options.threshold.value_or(0)));
  require_count(options.min_users_per_item, "min_users_per_item");
  require_count(options.min_items_per_user, "min_items_per_user");
  require(options.heldout_users.value_or(1) >= 1, "heldout_users", "at least 1",
          std::to_string(options.heldout_users.value_or(1)));
  require(options.split_seed.value_or(0) <= std::numeric_limits<std::uint32_t>::max(), "split_seed",
          "a number below 2^32", std::to_string(options.split_seed.value_or(0)));
  const double ratio = options.validation_ratio.value_or(0);
  require(ratio >= 0 && ratio < 1, "validation_ratio", "a number in [0, 1)", std::to_string(ratio));
  check_ratios(options.ratios);
  check_benchmark(options.benchmark_filename);
  check_text("val_interval", options.val_interval, parse_field_filters);
  check_text("user_inter_num_interval", options.user_inter_num_interval, Intervals::parse);
  check_text("item_inter_num_interval", options.item_inter_num_interval, Intervals::parse);
  check_moments(options);
  if (split_known || options.split) check_split(options);
}

}  // namespace recvae::data
