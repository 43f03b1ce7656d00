#include "baselines.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>

#include "recvae/evaluator.h"

namespace recvae::tools {
namespace {

/// Bytes that can still be had without swapping; infinite where the system does not say.
double available_memory() {
  double available = std::numeric_limits<double>::infinity();
  std::ifstream meminfo("/proc/meminfo");
  for (std::string name, rest; meminfo >> name && name != "MemAvailable:";) std::getline(meminfo, rest);
  if (double kib = 0; meminfo >> kib) available = kib * 1024;
  // A container may have less than the machine.
  double limit = 0, used = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit && std::ifstream("/sys/fs/cgroup/memory.current") >> used) {
    available = std::min(available, limit - used);
  }
  return available;
}

std::string gigabytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f GB", bytes < 1e8 ? 3 : 1, bytes / 1e9);
  return text;
}

}  // namespace

void add_baseline_options(CommandLine& line, BaselineOptions& options, const std::string& default_lambda) {
  line.add("lambda", &options.lambda, "of ease: its regularisation (default: " + default_lambda + ")");
  line.add<std::optional<bool>>("ease_double", &options.double_precision,
                                "of ease: true computes in double, false in float (default: double up to 20000 items)");
  line.add("neighbors", &options.neighbors, "of itemknn: neighbours of an item (default: 100)");
}

void announce_baseline(const std::string& name, std::int64_t items, const BaselineOptions& options) {
  const double bytes = baseline_cost(name, items, options).bytes;
  if (bytes < 1e7) return;
  log_info(name + ": takes " + gigabytes(bytes) + " of memory for " + std::to_string(items) + " items");
  if (const double available = available_memory(); bytes > available) {
    throw data::DataError(name + ": expected " + gigabytes(bytes) + " of free memory for " + std::to_string(items) +
                          " items, found " + gigabytes(available));
  }
}

bool is_affordable(const std::string& name, std::int64_t items, const BaselineOptions& options, double count) {
  constexpr double kOperationsPerMinute = 60 * 1e11;
  const Cost cost = baseline_cost(name, items, options);
  return count * cost.operations <= kOperationsPerMinute && cost.bytes <= available_memory() / 2;
}

double choose_lambda(const data::Dataset& data, const Metric& metric, const MetricContext& context,
                     const BaselineOptions& options) {
  constexpr double kTried[] = {10, 50, 250, 1250};
  BaselineOptions tried = options;
  tried.double_precision = false;
  if (data.validation.targets.nnz() == 0) return options.lambda;
  if (!is_affordable("ease", data.train.cols, tried, std::size(kTried) + 2.0)) return options.lambda;
  double chosen = options.lambda;
  std::optional<double> best;
  for (const double lambda : kTried) {
    tried.lambda = lambda;
    const auto ease = make_baseline("ease", data.baseline_rows(false), tried);
    const double value = evaluate(*ease, data.validation, {metric}, context).means[0];
    if (!is_better(metric, value, best)) continue;
    best = value;
    chosen = lambda;
  }
  return chosen;
}

}  // namespace recvae::tools
