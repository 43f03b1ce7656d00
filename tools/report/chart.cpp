#include "chart.h"

#include <algorithm>
#include <cmath>

#include "axis.h"
#include "command_line.h"

namespace recvae::tools::report {
namespace {

// In the units of the drawing, of which a phone shows three for two pixels: letters are larger there, and have room.
constexpr double kWidth = 520, kHeight = 290, kTop = 28, kRight = 16, kBottom = 52, kLetter = 9.5;
constexpr std::size_t kColours = 6, kMostPoints = 240, kMostDots = 40;

std::string px(double value) { return formatted("%.1f", value); }
std::string colour(std::size_t series) { return "s" + std::to_string(series % kColours); }
std::string with(const char* kind, const std::string& colour) { return std::string(kind) + " " + colour; }

Html title(const std::string& words) { return element("title", text(words)); }

Html label(double x, double y, const char* anchor, const std::string& words, const char* kind = "tick") {
  return element("text", {{"class", kind}, {"x", px(x)}, {"y", px(y)}, {"text-anchor", anchor}}, text(words));
}

Html segment(const char* kind, double x1, double y1, double x2, double y2) {
  return element("line", {{"class", kind}, {"x1", px(x1)}, {"y1", px(y1)}, {"x2", px(x2)}, {"y2", px(y2)}});
}

Html circle(const std::string& kind, double x, double y, const char* radius, const Html& content = {}) {
  return element("circle", {{"class", kind}, {"cx", px(x)}, {"cy", px(y)}, {"r", radius}}, content);
}

std::size_t characters(const std::string& words) {
  return static_cast<std::size_t>(std::ranges::count_if(words, [](char c) { return (c & 0xc0) != 0x80; }));
}

/// At most so many characters, of which the last says that there were more.
std::string shortened(const std::string& words, std::size_t most) {
  if (characters(words) <= most) return words;
  std::size_t end = 0;
  for (std::size_t kept = 0; (words[end] & 0xc0) == 0x80 || ++kept < most; ++end) {
  }
  return words.substr(0, end) + "…";
}

/// Where numbers are in the drawing.
struct Plane {
  Axis x, y;
  double left, right = kWidth - kRight, top = kTop, bottom = kHeight - kBottom;

  Plane(Axis x_axis, Axis y_axis) : x(std::move(x_axis)), y(std::move(y_axis)) {
    std::size_t longest = 1;
    for (const Tick& tick : y.ticks) longest = std::max(longest, tick.label.size());
    left = 14 + kLetter * static_cast<double>(longest);
  }
  double at_x(double value) const { return left + x.share(value) * (right - left); }
  double at_y(double value) const { return bottom - y.share(value) * (bottom - top); }

  /// Grid, ticks and what they say; of the x axis only as many labels as have room.
  Html frame(const std::string& x_words) const {
    Html html;
    for (const Tick& tick : y.ticks) {
      html += segment("grid", left, at_y(tick.at), right, at_y(tick.at));
      html += label(left - 8, at_y(tick.at) + 4.5, "end", tick.label);
    }
    html += segment("axis", left, bottom, right, bottom);
    std::size_t letters = 1;
    for (const Tick& tick : x.ticks) letters = std::max(letters, characters(shortened(tick.label, 12)));
    const double needed = kLetter * static_cast<double>((letters + 1) * x.ticks.size());
    const auto every = static_cast<std::size_t>(nice_step(std::max(1.0, needed / (right - left))));
    for (std::size_t k = every - 1; k < x.ticks.size(); k += every) {
      html += label(at_x(x.ticks[k].at), bottom + 20, "middle", shortened(x.ticks[k].label, 12));
    }
    return html + label((left + right) / 2, kHeight - 6, "middle", x_words);
  }
};

/// The drawing with its words, and a legend where there is more than one entry.
Html figure(const ChartText& words, const std::vector<std::pair<std::string, Html>>& legend, const Html& drawing) {
  Html caption = text(words.title);
  if (!words.remark.empty()) caption += text(" ") + element("span", text(words.remark));
  Html entries;
  for (const auto& [name, key] : legend) {
    entries += element("li", element("svg", {{"viewBox", "0 0 34 16"}, {"aria-hidden", "true"}}, key) + text(name));
  }
  Html html = element("figcaption", caption);
  if (legend.size() > 1) html += element("ul", {{"class", "legend"}}, entries);
  const std::string box = "0 0 " + formatted("%g %g", kWidth, kHeight);
  html +=
      element("svg", {{"viewBox", box}, {"role", "img"}, {"aria-label", words.title}}, title(words.title) + drawing);
  return element("figure", html);
}

Html bar(const std::string& kind, double x, double y, double width, double height, const std::string& words = "") {
  return element(
      "rect", {{"class", with("bar", kind)}, {"x", px(x)}, {"y", px(y)}, {"width", px(width)}, {"height", px(height)}},
      words.empty() ? Html() : title(words));
}

/// Runs of neighbours that can be shown; of runs of very many points the lowest and highest of each piece.
std::vector<std::vector<Point>> runs_of(const std::vector<Point>& points) {
  const std::size_t piece = points.size() <= kMostPoints ? 1 : 2 * (points.size() / kMostPoints + 1);
  std::vector<std::vector<Point>> runs;
  const auto by_y = [](const Point& a, const Point& b) { return a.y < b.y; };
  for (std::size_t at = 0; at < points.size();) {
    std::size_t end = at;
    while (end < points.size() && Extent::can_show(points[end].x) && Extent::can_show(points[end].y)) ++end;
    if (end > at) runs.emplace_back();
    for (; at < end; at += std::min(piece, end - at)) {
      const auto first = points.begin() + static_cast<std::ptrdiff_t>(at),
                 last = first + static_cast<std::ptrdiff_t>(std::min(piece, end - at));
      auto [low, high] = std::minmax_element(first, last, by_y);
      if (high < low) std::swap(low, high);
      runs.back().push_back(*low);
      if (high != low) runs.back().push_back(*high);
    }
    ++at;  // what ended the run
  }
  return runs;
}

std::string value_text(const std::string& name, const std::string& x_words, const std::string& x, double y) {
  return name + ", " + (x_words.empty() ? "" : x_words + " ") + x + ": " + number_text(y);
}

Html line_of(const Plane& plane, const Series& series, const std::string& tint, const std::string& x_words) {
  const std::vector<std::vector<Point>> runs = runs_of(series.points);
  Html lines, hits;
  for (const std::vector<Point>& run : runs) {
    std::string path;
    for (const Point& p : run) path += px(plane.at_x(p.x)) + "," + px(plane.at_y(p.y)) + " ";
    if (run.size() > 1) lines += element("polyline", {{"class", with("line", tint)}, {"points", path}});
    for (const Point& p : run) {
      const double x = plane.at_x(p.x), y = plane.at_y(p.y);
      if (run.size() == 1 || series.points.size() <= kMostDots) lines += circle(with("dot", tint), x, y, "3");
      hits += circle("hit", x, y, "9", title(value_text(series.name, x_words, number_text(p.x), p.y)));
    }
  }
  return lines + hits;
}

/// A mark at the top of the drawing, and a line down from it.
Html mark(const Plane& plane, double x, const std::string& words) {
  const double share = (x - plane.left) / (plane.right - plane.left);
  const char* anchor = share < 0.25 ? "start" : share > 0.75 ? "end" : "middle";
  return segment("best", x, plane.top - 4, x, plane.bottom) + label(x, plane.top - 10, anchor, words, "mark");
}

}  // namespace

Html line_chart(const LineChart& chart) {
  Extent x, y;
  for (const Series& series : chart.series) {
    for (const Point& p : series.points) {
      x.add(p.x);
      y.add(p.y);
    }
  }
  const Plane plane(linear_axis(x, 7, false, true), linear_axis(y, 5, true));
  Html drawing = plane.frame(chart.text.x);
  const bool marked = chart.mark && *chart.mark >= plane.x.low && *chart.mark <= plane.x.high;
  if (marked) drawing += mark(plane, plane.at_x(*chart.mark), chart.mark_text);
  std::vector<std::pair<std::string, Html>> legend;
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    drawing += line_of(plane, chart.series[s], colour(s), chart.text.x);
    legend.emplace_back(chart.series[s].name, segment(with("line", colour(s)).c_str(), 1, 8, 33, 8));
  }
  if (marked && !chart.series.empty()) {
    const Series& first = chart.series.front();
    for (const Point& p : first.points) {
      if (p.x != *chart.mark || !Extent::can_show(p.y)) continue;
      drawing += circle(with("ring", colour(0)), plane.at_x(p.x), plane.at_y(p.y), "5.5",
                        title(value_text(first.name, chart.text.x, number_text(p.x), p.y)));
    }
  }
  return figure(chart.text, legend, drawing);
}

Html bar_chart(const BarChart& chart) {
  Extent y;
  y.add(0);
  Axis x{0, static_cast<double>(std::max<std::size_t>(1, chart.groups.size()))};
  for (std::size_t g = 0; g < chart.groups.size(); ++g) {
    double sum = 0;
    for (const Bars& bars : chart.series) {
      if (!chart.stacked) y.add(bars.values[g]);
      if (Extent::can_show(bars.values[g])) sum += bars.values[g];
    }
    if (chart.stacked) y.add(sum);
    x.ticks.push_back({static_cast<double>(g) + 0.5, chart.groups[g]});
  }
  const Plane plane(std::move(x), linear_axis(y, 5, true));
  const double group = (plane.right - plane.left) / plane.x.high, used = group * (group < 12 ? 0.94 : 0.74);
  const double width = chart.stacked ? used : used / static_cast<double>(std::max<std::size_t>(1, chart.series.size()));
  Html drawing = plane.frame(chart.text.x);
  std::vector<std::pair<std::string, Html>> legend;
  std::vector<double> base(chart.groups.size(), 0);  // of stacked bars: where the next begins
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    const Bars& bars = chart.series[s];
    const std::string tint = bars.reference ? "other" : colour(s);
    legend.emplace_back(bars.name, bar(tint, 8, 0, 18, 16));
    for (std::size_t g = 0; g < chart.groups.size(); ++g) {
      const double value = bars.values[g];
      if (!Extent::can_show(value)) continue;
      const double left = plane.at_x(static_cast<double>(g)) + (group - used) / 2 +
                          (chart.stacked ? 0 : width * static_cast<double>(s));
      const double from = plane.at_y(base[g]), to = plane.at_y(base[g] + value);
      drawing += bar(tint, left, std::min(from, to), width, std::abs(from - to),
                     value_text(bars.name, chart.text.x, chart.groups[g], value));
      if (chart.stacked) base[g] += value;
    }
  }
  return figure(chart.text, legend, drawing);
}

Html scatter_chart(const ScatterChart& chart) {
  std::vector<std::string> categories;
  Extent x_extent, y_extent;
  std::vector<double> at;
  for (const ScatterPoint& p : chart.points) {
    if (chart.scale == Scale::categories) {
      const auto known = std::ranges::find(categories, p.category);
      at.push_back(static_cast<double>(known - categories.begin()) + 0.5);
      if (known == categories.end()) categories.push_back(p.category);
    } else {
      at.push_back(p.x);
      x_extent.add(p.x);
    }
    y_extent.add(p.y);
  }
  Axis x{0, static_cast<double>(std::max<std::size_t>(1, categories.size()))};
  if (chart.scale == Scale::categories) {
    for (std::size_t c = 0; c < categories.size(); ++c)
      x.ticks.push_back({static_cast<double>(c) + 0.5, categories[c]});
  } else if (chart.scale == Scale::log && x_extent.low > 0) {
    x = log_axis(x_extent);
  } else {
    const double room = x_extent.empty() ? 0 : 0.04 * (x_extent.high - x_extent.low);
    x = linear_axis({x_extent.low - room, x_extent.high + room}, 6, false);
  }
  const Plane plane(std::move(x), linear_axis(y_extent, 5, true));
  Html drawing = plane.frame(chart.text.x);
  const auto draw = [&](std::size_t k, const std::string& kind, const char* radius) {
    const ScatterPoint& p = chart.points[k];
    if (!Extent::can_show(at[k]) || !Extent::can_show(p.y)) return;
    const std::string x_value = chart.scale == Scale::categories ? p.category : number_text(p.x);
    const std::string words = value_text(p.note, chart.text.x, x_value, p.y);
    drawing += circle(kind, plane.at_x(at[k]), plane.at_y(p.y), radius, title(words));
  };
  for (std::size_t k = 0; k < chart.points.size(); ++k) draw(k, "dot s0", "4.5");
  if (chart.best && *chart.best < chart.points.size()) draw(*chart.best, "ring s1", "7");
  return figure(chart.text, {}, drawing);
}

}  // namespace recvae::tools::report
