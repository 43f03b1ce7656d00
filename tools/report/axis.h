// Axes of charts: ranges and ticks that people can read.
#pragma once

#include <limits>
#include <string>
#include <vector>

namespace recvae::tools::report {

struct Tick {
  double at = 0;
  std::string label;
};

/// A range of numbers, never empty, and the ticks within it.
struct Axis {
  double low = 0, high = 1;
  bool log = false;
  std::vector<Tick> ticks{};

  double share(double value) const;  ///< 0 at `low`, 1 at `high`
};

/// The least and the greatest of what can be shown: finite numbers below 1e300.
struct Extent {
  double low = std::numeric_limits<double>::infinity(), high = -low;

  static bool can_show(double value);
  void add(double value);
  bool empty() const { return low > high; }
};

/// Ticks at steps of 1, 2 or 5 times a power of ten, or at whole numbers. Where nothing or one number is to be shown
/// there is room around it. `rounded`: the axis begins and ends at a tick.
Axis linear_axis(Extent extent, int most_ticks, bool rounded, bool whole = false);

/// Of positive numbers: ticks at powers of ten; within two decades at 2 and 5 times these, too.
Axis log_axis(Extent extent);

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`, which is positive.
double nice_step(double least);

/// A number as titles and tables show it: six significant digits.
std::string number_text(double value);

}  // namespace recvae::tools::report
