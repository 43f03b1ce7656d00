#include "data_summary.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "command_line.h"

namespace recvae::tools {
namespace {

template <class F>
void for_parts(const data::Summary& s, F f) {
  f("train", s.train, false);
  f("validation", s.validation, true);
  f("test", s.test, true);
}

}  // namespace

void log_summary(const data::Summary& summary) {
  log_info(describe(summary));
  const auto users = static_cast<double>(summary.users), items = static_cast<double>(summary.items),
             interactions = static_cast<double>(summary.rows - summary.duplicates);
  log_info("  " + with_thousands(users) + " users, " + with_thousands(items) + " items, " +
           with_thousands(interactions) + " interactions, density " +
           formatted("%.4f %%", 100 * interactions / std::max(1.0, users * items)));
  data::Dropped::visit(summary.dropped, [&](const char*, const char* words, std::int64_t count) {
    if (count > 0) log_info(formatted("  %12lld rows dropped: %s", static_cast<long long>(count), words));
  });
  log_info(formatted("  %-10s %10s %12s %12s %14s %16s", "part", "users", "rows", "targets", "empty history",
                     "unseen items"));
  for_parts(summary, [&](const char* name, const data::PartSummary& part, bool held_out) {
    std::string text =
        formatted("  %-10s %10lld %12lld", name, static_cast<long long>(part.users), static_cast<long long>(part.rows));
    if (held_out) {
      text += formatted(" %12lld %14lld %16lld", static_cast<long long>(part.targets),
                        static_cast<long long>(part.empty_histories), static_cast<long long>(part.unknown_targets));
    }
    log_info(text);
  });
  for_parts(summary, [&](const char* name, const data::PartSummary& part, bool) {
    const auto warn = [&](std::int64_t count, const char* what) {
      if (count == 0) return;
      log_warning(std::to_string(count) + " of " + std::to_string(part.targets) + " " + name + " targets are " + what);
    };
    warn(part.masked_targets,
         "in their user's history, too, where nobody can find them: the parts overlap, or pairs repeat");
    warn(part.trained_targets, "training rows, too, which a model has seen: the parts overlap");
  });
}

std::string with_thousands(double number) {
  std::string digits = std::to_string(std::llround(number));
  for (std::size_t at = digits.size(); at > 3 && at - 3 > 0; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

void log_learned(const std::string& who, const data::Csr& rows, bool with_validation) {
  std::int64_t users = 0;
  for (std::int64_t u = 0; u < rows.rows(); ++u) users += !rows.row(u).empty();
  log_info(who + ": learned from " + with_thousands(static_cast<double>(rows.nnz())) +
           (with_validation ? " training and validation" : " training") + " rows of " +
           with_thousands(static_cast<double>(users)) + " users");
}

std::string summary_json(const data::Summary& summary) {
  nlohmann::ordered_json j{{"rows_read", summary.rows_read},
                           {"users", summary.users},
                           {"items", summary.items},
                           {"interactions", summary.rows - summary.duplicates}};
  data::Dropped::visit(summary.dropped,
                       [&](const char* name, const char*, std::int64_t count) { j["dropped"][name] = count; });
  for_parts(summary, [&](const char* name, const data::PartSummary& part, bool held_out) {
    j[name] = {{"users", part.users}, {"rows", part.rows}};
    if (!held_out) return;
    j[name]["targets"] = part.targets;
    j[name]["empty_histories"] = part.empty_histories;
    j[name]["unknown_targets"] = part.unknown_targets;
    j[name]["masked_targets"] = part.masked_targets;
    j[name]["trained_targets"] = part.trained_targets;
  });
  return j.dump(2) + "\n";
}

}  // namespace recvae::tools
