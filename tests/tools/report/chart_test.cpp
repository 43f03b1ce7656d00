#include "tools/report/chart.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tools/report/axis.h"

using namespace recvae::tools::report;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> all;
  for (const Tick& tick : axis.ticks) all.push_back(tick.label);
  return all;
}

std::size_t count(const Html& html, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = html.markup().find(what, at)) != std::string::npos; ++at) ++found;
  return found;
}

bool has(const Html& html, const std::string& what) { return count(html, what) > 0; }

Series line(const std::string& name, const std::vector<double>& values) {
  Series s{name, {}};
  for (const double value : values) s.points.push_back({static_cast<double>(s.points.size() + 1), value});
  return s;
}

using Labels = std::vector<std::string>;

}  // namespace

TEST_CASE("linear_axis: ticks are round, and the axis is never empty") {
  CHECK(labels(linear_axis({0.503, 0.629}, 5, true)) == Labels{"0.50", "0.55", "0.60", "0.65"});
  CHECK(labels(linear_axis({0, 1}, 5, true)) == Labels{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(labels(linear_axis({-3, 3}, 3, true)) == Labels{"-4", "-2", "0", "2", "4"});
  CHECK(labels(linear_axis({1, 5}, 7, false, true)) == Labels{"1", "2", "3", "4", "5"});
  CHECK(labels(linear_axis({1, 50}, 7, false, true)) == Labels{"10", "20", "30", "40", "50"});
  CHECK(labels(linear_axis({3, 3}, 7, false, true)) == Labels{"3"});
  CHECK(linear_axis({0.4, 0.4}, 5, true).share(0.4) > 0.2);
  CHECK(linear_axis({0.4, 0.4}, 5, true).share(0.4) < 0.8);
  for (const Extent extent :
       {Extent{}, Extent{0, 0}, Extent{1e299, 1e299}, Extent{-9e299, 9e299}, Extent{1e-300, 2e-300}}) {
    const Axis axis = linear_axis(extent, 5, true);
    CHECK(axis.high > axis.low);
    CHECK(axis.ticks.size() >= 2);
    CHECK(axis.ticks.size() <= 8);
  }
}

TEST_CASE("log_axis: equal factors are equal distances") {
  const Axis axis = log_axis({1e-4, 1e-1});
  CHECK(labels(axis) == Labels{"0.0001", "0.001", "0.01", "0.1"});
  CHECK(axis.share(1e-3) - axis.share(1e-4) == doctest::Approx(axis.share(1e-1) - axis.share(1e-2)));
  CHECK(labels(log_axis({1, 10})) == Labels{"1", "2", "5", "10"});
  CHECK(log_axis({1e-200, 1e200}).ticks.size() < 10);
}

TEST_CASE("line_chart: lines, values, legend and the best epoch") {
  const Html two =
      line_chart({{"Loss", "", "epoch"}, {line("a", {3, 2, 1}), line("b", {1, 1, 1})}, 2, "best: epoch 2"});
  CHECK(count(two, "<polyline") == 2);
  CHECK(has(two, "<title>a, epoch 2: 2</title>"));
  CHECK(has(two, "<li>"));
  CHECK(has(two, "best: epoch 2"));
  CHECK(count(two, "class=\"ring s0\"") == 1);
  CHECK(has(two, "aria-label=\"Loss\""));
  const Html outside = line_chart({{"Loss", "", "epoch"}, {line("a", {3, 2, 1})}, 9, "best"});
  CHECK(!has(outside, "best"));
  CHECK(!has(outside, "<li>"));
}

TEST_CASE("line_chart: one point, gaps, nothing") {
  const Html one = line_chart({{"One"}, {line("a", {5})}, 1, "best"});
  CHECK(count(one, "<polyline") == 0);
  CHECK(count(one, "class=\"dot s0\"") == 1);
  const Html gaps = line_chart({{"Gaps"}, {line("a", {1, 2, kNan, 3, HUGE_VAL, 4, 5})}});
  CHECK(count(gaps, "<polyline") == 2);
  CHECK(count(gaps, "class=\"dot s0\"") == 5);
  for (const Html& html : {one, gaps, line_chart({{"None"}, {}}), line_chart({{"NaN"}, {line("a", {kNan})}, 1, "best"}),
                           line_chart({{"Equal"}, {line("a", {2, 2, 2})}})}) {
    CHECK(!has(html, "nan"));
    CHECK(!has(html, "inf"));
    CHECK(count(html, "<svg") >= 1);
  }
}

TEST_CASE("line_chart: of thousands of points the shape is drawn") {
  std::vector<double> values(20'000, 1);
  values[7'777] = 9;
  values[12'345] = -9;
  const Html html = line_chart({{"Many", "", "epoch"}, {line("a", values)}});
  CHECK(html.markup().size() < 100'000);
  CHECK(has(html, "epoch 7778: 9<"));
  CHECK(has(html, "epoch 12346: -9<"));
}

TEST_CASE("bar_chart: side by side and stacked") {
  const std::vector<Bars> bars = {{"model", {0.5, 0.25}}, {"popularity", {0.1, kNan}, true}};
  const Html beside = bar_chart({{"Bars", "", "items"}, {"1–9", "10"}, bars});
  CHECK(has(beside, "<title>model, items 1–9: 0.5</title>"));
  CHECK(count(beside, "class=\"bar other\"") == 2);  // one and its key: NaN is none
  CHECK(!has(beside, "nan"));
  const Html stacked = bar_chart({{"Bars"}, {"1", "2"}, {{"a", {1, 3}}, {"b", {2, 1}}}, true});
  CHECK(has(stacked, ">4</text>"));
  CHECK(!has(stacked, ">5</text>"));
  CHECK(count(bar_chart({{"None"}, {}, {}}), "<svg") == 1);
}

TEST_CASE("scatter_chart: numbers, powers and categories") {
  const std::vector<ScatterPoint> points = {
      {1e-4, "relu", 0.4, "trial 1"}, {1e-2, "tanh", 0.5, "trial 2"}, {1, "relu", kNan, "trial 3"}};
  const Html log = scatter_chart({{"Metric", "", "learning_rate"}, Scale::log, points, 1});
  CHECK(has(log, "<title>trial 2, learning_rate 0.01: 0.5</title>"));
  CHECK(count(log, "class=\"dot s0\"") == 2);
  CHECK(count(log, "class=\"ring s1\"") == 1);
  CHECK(has(log, ">0.001</text>"));
  const Html names = scatter_chart({{"Metric", "", "init"}, Scale::categories, points});
  CHECK(has(names, ">relu</text>"));
  CHECK(has(names, "init tanh: 0.5"));
  const Html zero = scatter_chart({{"Metric", "", "x"}, Scale::log, {{0, "", 1, "a"}, {5, "", 2, "b"}}});
  CHECK(count(zero, "class=\"dot s0\"") == 2);
  CHECK(!has(zero, "nan"));
  CHECK(count(scatter_chart({{"None"}, Scale::linear, {}}), "<svg") == 1);
}
