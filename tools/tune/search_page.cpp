#include "search_page.h"

#include <algorithm>
#include <cmath>

#include "../report/chart.h"
#include "../report/page.h"
#include "command_line.h"
#include "data/number.h"
#include "data/read/input.h"
#include "recvae/tune/table.h"

namespace recvae::tools {
namespace {

using namespace report;

std::string metric_text(double value) { return std::isnan(value) ? "–" : formatted("%.4f", value); }

std::string mean_text(const tune::Mean& m) {
  return metric_text(m.mean) + (std::isnan(m.deviation) ? "" : " ± " + formatted("%.4f", m.deviation));
}

/// The deviation stands below the mean: beside it there is no room on a phone.
Html mean_card(const Metric& metric, const tune::Mean& m, const std::string& part) {
  return card(metric.label(), metric_text(m.mean),
              part + (std::isnan(m.deviation) ? "" : ", ±\u00a0" + formatted("%.4f", m.deviation)));
}

Html best_section(const tune::Search& search, const std::vector<Metric>& metrics) {
  const std::optional<std::size_t> best = search.best();
  if (!best) return {};
  const tune::Plan& plan = search.plan();
  std::vector<Html> figures = {mean_card(search.valid_metric(), search.valid(*best), "validation")};
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    const tune::Mean test = search.test(*best, m);
    if (!std::isnan(test.mean)) figures.push_back(mean_card(metrics[m], test, "test"));
  }
  std::vector<std::vector<Html>> rows;
  for (std::size_t k = 0; k < plan.space.parameters.size(); ++k)
    rows.push_back({text(plan.space.parameters[k].name), text(plan.points[*best][k])});
  Html html = cards(figures) + table("Best settings", {{"parameter", false}, {"value"}}, rows);
  return html + element("p", text("All settings are in config.yaml, which recvae_train --config takes."));
}

/// As values are drawn; of choices log where they are positive and wide apart, categories where they are no numbers.
Scale scale_of(const tune::Parameter& parameter, const std::vector<ScatterPoint>& points) {
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const ScatterPoint& p : points) {
    if (!data::parse_number<double>(p.category)) return Scale::categories;
    low = std::min(low, p.x);
    high = std::max(high, p.x);
  }
  using enum tune::Parameter::Kind;
  const bool wide = parameter.kind == loguniform ? high > low : parameter.kind == choice && high >= 10 * low;
  return low > 0 && wide ? Scale::log : Scale::linear;
}

Html parameter_chart(const tune::Search& search, std::optional<std::size_t> best, std::size_t parameter) {
  const tune::Plan& plan = search.plan();
  const tune::Parameter& varied = plan.space.parameters[parameter];
  ScatterChart chart;
  chart.text = {varied.name, search.valid_metric().label() + ", validation", varied.name};
  for (std::size_t point = 0; point < plan.points.size(); ++point) {
    const double value = search.valid(point).mean;
    if (std::isnan(value)) continue;
    if (best == point) chart.best = chart.points.size();
    const std::string& at = plan.points[point][parameter];
    chart.points.push_back({data::parse_number<double>(at).value_or(0), at, value, describe_point(plan, point)});
  }
  chart.scale = scale_of(varied, chart.points);
  return chart.points.empty() ? Html{} : scatter_chart(chart);
}

Html charts_section(const tune::Search& search) {
  Html charts;
  const std::optional<std::size_t> best = search.best();
  for (std::size_t k = 0; k < search.plan().space.parameters.size(); ++k) charts += parameter_chart(search, best, k);
  return charts.empty() ? charts : element("div", {{"class", "columns"}}, charts);
}

std::vector<Column> parameter_columns(const tune::Plan& plan) {
  std::vector<Column> columns;
  for (const tune::Parameter& p : plan.space.parameters) columns.push_back({p.name});
  return columns;
}

/// Of numbers that were drawn as many digits as a table has room for.
std::vector<Html> parameter_cells(const tune::Plan& plan, std::size_t point) {
  std::vector<Html> cells;
  for (std::size_t k = 0; k < plan.space.parameters.size(); ++k) {
    const tune::Parameter& p = plan.space.parameters[k];
    const std::string& value = plan.points[point][k];
    const bool drawn = p.kind != tune::Parameter::Kind::choice && !p.whole;
    cells.push_back(text(drawn ? formatted("%.4g", data::parse_number<double>(value).value_or(0)) : value));
  }
  return cells;
}

/// With the best set off.
Html value_cell(const std::string& value, bool best) { return best ? element("strong", text(value)) : text(value); }

/// The settings, best first, over their seeds.
Html settings_section(const tune::Search& search, const std::vector<Metric>& metrics) {
  const tune::Plan& plan = search.plan();
  std::vector<Column> columns = parameter_columns(plan);
  columns.push_back({search.valid_metric().label()});
  columns.push_back({"seeds"});
  for (const Metric& m : metrics) columns.push_back({"test " + m.label()});
  std::vector<std::vector<Html>> rows;
  const std::optional<std::size_t> best = search.best();
  for (const std::size_t point : search.ranking()) {
    rows.push_back(parameter_cells(plan, point));
    rows.back().push_back(value_cell(mean_text(search.valid(point)), best == point));
    rows.back().push_back(text(std::to_string(search.runs(point).size())));
    for (std::size_t m = 0; m < metrics.size(); ++m) rows.back().push_back(text(mean_text(search.test(point, m))));
  }
  return rows.empty() || plan.space.seeds.empty() ? Html{} : table("Settings", columns, rows);
}

Html trials_section(const tune::Search& search, const std::vector<Metric>& metrics) {
  const tune::Plan& plan = search.plan();
  std::vector<Column> columns = parameter_columns(plan);
  columns.insert(columns.begin(), {"trial"});
  if (!plan.space.seeds.empty()) columns.push_back({"seed"});
  for (const std::string& title : {search.valid_metric().label(), std::string("best epoch"), std::string("epochs")})
    columns.push_back({title});
  for (const Metric& m : metrics) columns.push_back({"test " + m.label()});
  columns.push_back({"seconds"});
  std::vector<std::vector<Html>> rows;
  const std::optional<std::size_t> best = search.best();
  for (const tune::Record* r : search.records()) {
    const std::size_t point = plan.point_of(r->trial);
    std::vector<Html> row = parameter_cells(plan, point);
    row.insert(row.begin(), text(std::to_string(r->trial + 1)));
    if (!plan.space.seeds.empty()) row.push_back(text(plan.space.seeds[r->trial % plan.space.runs()]));
    row.push_back(value_cell(r->diverged ? "diverged" : metric_text(r->valid), best == point));
    row.push_back(text(r->best_epoch > 0 ? std::to_string(r->best_epoch) : "–"));
    row.push_back(text(std::to_string(r->epochs)));
    for (std::size_t m = 0; m < metrics.size(); ++m)
      row.push_back(text(m < r->test.size() ? metric_text(r->test[m]) : "–"));
    row.push_back(text(formatted("%.1f", r->seconds)));
    rows.push_back(std::move(row));
  }
  return rows.empty() ? Html{} : table("Trials", columns, rows);
}

}  // namespace

std::string search_page(const SearchSetup& setup, const tune::Search& search, const std::vector<Metric>& metrics) {
  const std::size_t done = search.records().size(), all = search.plan().trials();
  std::string state = setup.algo + " search, " + std::to_string(done) + (done == 1 ? " trial" : " trials");
  if (!search.over()) state += " of " + std::to_string(all) + " so far";
  state += "; the best by " + search.valid_metric().label() + " on validation users";
  return page("Settings for " + data::base_name(setup.data.path), element("p", text(state)),
              {{"best", "Best settings", best_section(search, metrics)},
               {"parameters", "By parameter", charts_section(search)},
               {"settings", "Settings, best first", settings_section(search, metrics)},
               {"trials", "Trials", trials_section(search, metrics)}},
              "The same figures with all of their digits are in trials.tsv.");
}

}  // namespace recvae::tools
