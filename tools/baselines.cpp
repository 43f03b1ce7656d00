#include "baselines.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <limits>

#include "autodiff/blas.h"
#include "autodiff/tensor.h"

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

/// Floating-point operations per second of a product of 1024 x 1024.
double product_rate() {
  constexpr ad::Index n = 1024;
  const ad::Tensor<double> a(n, n);
  ad::Tensor<double> c(n, n);
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < 3; ++run) {
    const auto start = std::chrono::steady_clock::now();
    ad::blas::gemm<double>(n, n, n, 1, {a.data(), n}, {a.data(), n}, 0, c.data(), n);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return 2.0 * n * n * n / best;
}

}  // namespace

void add_baseline_options(CommandLine& line, BaselineOptions& options) {
  line.add("lambda", &options.lambda, "of ease: its regularisation (default: 250)");
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

bool is_affordable(const std::string& name, std::int64_t items, const BaselineOptions& options) {
  const Cost cost = baseline_cost(name, items, options);
  const char* limit = nullptr;
  if (cost.bytes > available_memory() / 2) limit = "memory";
  // Smaller ones are done before the rate is known.
  if (!limit && cost.operations > 1e11 && cost.operations > 60 * product_rate()) limit = "time";
  if (limit) {
    log_info(name + ": left out, for its " + limit + " with " + std::to_string(items) + " items (--baselines " + name +
             " has it anyway)");
  }
  return limit == nullptr;
}

}  // namespace recvae::tools
