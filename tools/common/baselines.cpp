#include "baselines.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>

namespace recvae::tools {
namespace {

constexpr double kMinute = 60;

/// The number after `name` in a file of names and numbers.
std::optional<double> number_after(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    double number = 0;
    if (word == name && file >> number) return number;
  }
  return {};
}

std::string gigabytes(double bytes) { return formatted("%.*f GB", bytes < 1e8 ? 3 : 1, bytes / 1e9); }

}  // namespace

double available_memory() {
  constexpr double kUnlimited = std::numeric_limits<double>::infinity();
  const auto kib = number_after("/proc/meminfo", "MemAvailable:");
  const double machine = kib ? *kib * 1024 : kUnlimited;
  // A container may have less than the machine. What it uses counts the files that it has read; they can go.
  double limit = 0, used = 0;
  if (!(std::ifstream("/sys/fs/cgroup/memory.max") >> limit)) return machine;
  if (!(std::ifstream("/sys/fs/cgroup/memory.current") >> used)) return machine;
  used -= number_after("/sys/fs/cgroup/memory.stat", "inactive_file").value_or(0);
  return std::min(machine, limit - used);
}

void add_baseline_options(CommandLine& line, BaselineOptions& options, const std::string& default_lambda,
                          const std::string& default_dropout) {
  line.add("lambda", &options.lambda, "of ease and edlae: their regularisation (default: " + default_lambda + ")");
  line.add("dropout", &options.dropout, "of edlae: share of a history dropped (default: " + default_dropout + ")");
  line.add<std::optional<bool>>(
      "ease_double", &options.double_precision,
      "of ease and edlae: true computes in double, false in float (default: double up to 20000 items)");
  line.add("neighbors", &options.neighbors, "of itemknn: neighbours of an item (default: 100)");
}

double announce_baseline(const std::string& name, const data::Csr& train, const BaselineOptions& options,
                         double beside) {
  const double bytes = baseline_cost(name, train, {}, options).bytes, all = beside + bytes;
  if (bytes < 1e7) return all;
  const std::string items = " for " + std::to_string(train.cols) + " items";
  log_info(name + ": takes " + gigabytes(bytes) + " of memory" + items);
  if (const double available = available_memory(); all > available) {
    throw data::DataError(name + ": expected " + gigabytes(all) + " of free memory" + items +
                          (beside > 0 ? ", the blend's other parts included" : "") + ", found " + gigabytes(available));
  }
  return all;
}

bool is_affordable(const std::string& name, const data::Dataset& data, const BaselineOptions& options) {
  const Cost cost = baseline_cost(name, data.baseline_rows(true), data.test.history, options);
  return cost.seconds <= kMinute && cost.bytes <= available_memory() / 2;
}

EaseFixed given_options(const CommandLine& line) { return {line.given("lambda"), line.given("dropout")}; }

std::optional<BaselineOptions> find_options(const std::string& name, const data::Dataset& data, const Metric& metric,
                                            const MetricContext& context, const BaselineOptions& options,
                                            EaseFixed fixed) {
  const bool has_dropout = baseline_uses(name).dropout;
  if (!baseline_uses(name).lambda || (fixed.lambda && (fixed.dropout || !has_dropout))) return {};
  const double minutes = has_dropout ? 3 : 1;
  const EaseChoice choice = choose_ease(name, data, metric, context, options, fixed, minutes * kMinute);
  const auto settings = [&](double lambda, double dropout) {
    return formatted("%.15g", lambda) + (has_dropout ? formatted(" with dropout %.4g", dropout) : "");
  };
  const auto at = choice.tried.find({choice.dropout, choice.lambda});
  const bool is_found = at != choice.tried.end();
  std::string text;
  const auto say = [&](const auto& tried) {
    const auto [dropout, lambda] = tried->first;
    text += (text.empty() ? "" : ", ") + settings(lambda, dropout) + formatted(": %.4f", tried->second);
  };
  if (is_found) {
    if (at != choice.tried.begin()) say(std::prev(at));
    say(at);
    if (std::next(at) != choice.tried.end()) say(std::next(at));
    text += " " + metric.label() + " on validation";
  } else if (choice.tried.empty()) {
    text = std::string("not searched for: there is no validation, or it would take more than ") +
           (has_dropout ? "three minutes" : "a minute");
  } else {
    text = "not chosen: nothing that was tried can be computed in single precision";
  }
  log_info(name + ": lambda " + settings(choice.lambda, choice.dropout) + " (" + text + ")");
  if (!is_found) return {};
  BaselineOptions found = options;
  found.lambda = choice.lambda;
  if (has_dropout) found.dropout = choice.dropout;
  return found;
}

}  // namespace recvae::tools
