#include "options.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "error.h"
#include "number.h"

namespace recvae::data {
namespace {

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
  const std::string& split = options.split;
  const auto only_with = [&](bool given, const std::string& option, std::initializer_list<const char*> splits) {
    if (!given || std::find(splits.begin(), splits.end(), split) != splits.end()) return;
    std::string expected;
    for (const char* name : splits) expected += (expected.empty() ? "--split " : " or ") + std::string(name);
    require(false, option, expected, split.empty() ? "no --split" : "--split " + split);
  };
  only_with(!options.ratios.empty(), "ratios", {"ratio"});
  only_with(!options.order.empty(), "order", {"ratio", "loo"});
  only_with(!options.group_by.empty(), "group_by", {"ratio", "loo"});
  only_with(groups_by_none(options), "group_by none", {"ratio"});
  only_with(!options.valid_from.empty(), "valid_from", {"time"});
  only_with(!options.test_from.empty(), "test_from", {"time"});
  only_with(!options.time_users.empty(), "time_users", {"time"});
  if (!split.empty()) only_with(options.heldout_users.has_value(), "heldout_users", {"strong"});
  if (split != "time") return;
  require(!options.valid_from.empty(), "split time", "--valid_from", "none");
  require(!options.test_from.empty(), "split time", "--test_from", "none");
}

}  // namespace

bool splits_strongly(const DataOptions& options) {
  return options.split.empty() || options.split == "strong" || (options.split == "time" && options.time_users == "new");
}

bool groups_by_none(const DataOptions& options) {
  return options.group_by == "none" || options.group_by == "None" || options.group_by == "null";
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
  const auto require_one_of = [](const std::string& value, const char* option,
                                 std::initializer_list<const char*> values, const char* expected) {
    const bool known = std::find(values.begin(), values.end(), value) != values.end();
    require(value.empty() || known, option, expected, excerpt(value));
  };
  require_one_of(options.split, "split", {"strong", "ratio", "loo", "time"}, "strong, ratio, loo or time");
  require_one_of(options.order, "order", {"RO", "TO"}, "RO or TO");
  require_one_of(options.group_by, "group_by", {"user", "none", "None", "null"}, "user or none");
  require_one_of(options.time_users, "time_users", {"all", "new"}, "all or new");
  require_one_of(options.test_history, "test_history", {"all", "train"}, "all or train");
  check_ratios(options.ratios);
  check_moments(options);
  if (split_known || !options.split.empty()) check_split(options);
}

}  // namespace recvae::data
