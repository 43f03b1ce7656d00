#include "options.h"

#include <cmath>
#include <limits>

#include "error.h"

namespace recvae::data {

void check_options(const DataOptions& options) {
  const auto require = [](bool held, const char* option, const std::string& expected, const std::string& found) {
    if (!held) throw UsageError(std::string("--") + option + ": expected " + expected + ", found " + found);
  };
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
  const std::string& split = options.split;
  if (split == "ratio" || split == "loo" || split == "time") {
    throw UsageError("--split " + split + " is not supported yet; expected strong");
  }
  require(split.empty() || split == "strong", "split", "strong, ratio, loo or time", excerpt(split));
}

}  // namespace recvae::data
