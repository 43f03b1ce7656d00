#include "axis.h"

#include <algorithm>
#include <cmath>

#include "command_line.h"

namespace recvae::tools::report {
namespace {

std::string tick_label(double value, double step) {
  if (std::abs(value) >= 1e7 || step < 1e-6) return formatted("%.4g", value);
  return formatted("%.*f", std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9))), value);
}

}  // namespace

double nice_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

double Axis::share(double value) const {
  const auto place = [this](double number) { return log ? std::log(number) : number; };
  return (place(value) - place(low)) / (place(high) - place(low));
}

bool Extent::can_show(double value) { return std::abs(value) < 1e300; }

void Extent::add(double value) {
  if (!can_show(value)) return;
  low = std::min(low, value);
  high = std::max(high, value);
}

Axis linear_axis(Extent extent, int most_ticks, bool rounded, bool whole) {
  if (extent.empty()) extent = {0, 1};
  const double size = std::max(std::abs(extent.low), std::abs(extent.high));
  if (extent.high - extent.low <= 1e-9 * size || size == 0) {
    const double room = whole ? 0.5 : size == 0 ? 1 : 0.05 * size;
    extent = {extent.low - room, extent.high + room};
  }
  double step = nice_step((extent.high - extent.low) / most_ticks);
  if (whole) step = std::max(1.0, step);
  Axis axis{extent.low, extent.high};
  if (rounded) {
    axis.low = step * std::floor(extent.low / step + 1e-9);
    axis.high = step * std::ceil(extent.high / step - 1e-9);
  }
  const double last = std::floor(axis.high / step + 1e-9);
  for (double k = std::ceil(axis.low / step - 1e-9); k <= last; ++k) {
    axis.ticks.push_back({k * step, tick_label(k * step + 0.0, step)});
  }
  return axis;
}

Axis log_axis(Extent extent) {
  if (extent.empty() || extent.low <= 0) extent = {1, 10};
  Axis axis{extent.low / 1.3, extent.high * 1.3, true};
  const double decades = std::log10(axis.high) - std::log10(axis.low);
  const int every = std::max(1, static_cast<int>(decades / 6));
  for (int power = static_cast<int>(std::floor(std::log10(axis.low))); power <= std::log10(axis.high); power += every) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double at = factor * std::pow(10, power);
      const bool within = at >= axis.low && at <= axis.high;
      if (within && (factor == 1 || decades <= 2)) axis.ticks.push_back({at, formatted("%.4g", at)});
    }
  }
  return axis;
}

std::string number_text(double value) { return std::isfinite(value) ? formatted("%.6g", value) : "–"; }

}  // namespace recvae::tools::report
