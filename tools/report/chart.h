// Charts as inline SVG: a <figure> each, as wide as its place. Every point or bar says its value when pointed at.
#pragma once

#include <optional>

#include "page.h"

namespace recvae::tools::report {

/// What every chart says of itself.
struct ChartText {
  std::string title, remark{}, x{};  ///< remark: beside the title, what y is, say; x: along the axis
};

struct Point {
  double x = 0, y = 0;
};
/// In ascending x. A y that is no number is a gap.
struct Series {
  std::string name;
  std::vector<Point> points;
};
/// Lines, of whole numbers x such as epochs. Of very many points those are drawn that make the line's shape.
struct LineChart {
  ChartText text;
  std::vector<Series> series;
  std::optional<double> mark{};  ///< an x to be marked, and there the first series
  std::string mark_text{};
};
Html line_chart(const LineChart& chart);

/// A series of bars, one a group.
struct Bars {
  std::string name;
  std::vector<double> values;  ///< as many as groups; NaN: none
  bool reference = false;      ///< in a colour that stands back
};
struct BarChart {
  ChartText text;
  std::vector<std::string> groups;
  std::vector<Bars> series;
  bool stacked = false;  ///< else side by side
};
Html bar_chart(const BarChart& chart);

/// `log` is linear where a number is not positive. Categories stand in the order in which they come first.
enum class Scale { linear, log, categories };
struct ScatterPoint {
  double x = 0;          ///< of linear and log
  std::string category;  ///< of categories
  double y = 0;
  std::string note;  ///< said with its value
};
struct ScatterChart {
  ChartText text;
  Scale scale = Scale::linear;
  std::vector<ScatterPoint> points;
  std::optional<std::size_t> best{};  ///< to be marked
};
Html scatter_chart(const ScatterChart& chart);

}  // namespace recvae::tools::report
