#include "curves.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "axis.h"
#include "chart.h"
#include "command_line.h"
#include "data_summary.h"

namespace recvae::tools::report {
namespace {

constexpr std::size_t kMostBars = 100, kMostRows = 400, kMostTogether = 5;

double or_zero(double value) { return std::isfinite(value) ? value : 0; }

/// A figure of each epoch.
template <class F>
Series series(const std::string& name, const std::vector<Epoch>& epochs, const F& value) {
  Series s{name, {}};
  for (const Epoch& e : epochs) s.points.push_back({static_cast<double>(e.epoch), value(e)});
  return s;
}

bool has_numbers(const Series& s) {
  return std::ranges::any_of(s.points, [](const Point& p) { return Extent::can_show(p.y); });
}

/// Of each metric a line through the epochs that were evaluated, valid_metric's first.
std::vector<Series> validation_series(const RunReport& report) {
  std::vector<Series> all;
  for (const Epoch& e : report.epochs) {
    for (const auto& [metric, value] : e.valid) {
      auto of_metric = std::ranges::find(all, metric, &Series::name);
      if (of_metric == all.end()) of_metric = all.insert(all.end(), Series{metric, {}});
      of_metric->points.push_back({static_cast<double>(e.epoch), value});
    }
  }
  std::erase_if(all, [](const Series& s) { return !has_numbers(s); });
  std::ranges::stable_sort(all, {}, [&](const Series& s) { return s.name != report.valid_metric; });
  return all;
}

/// One chart where metrics are few and shares; else one for all cutoffs of a metric.
std::vector<LineChart> validation_charts(const RunReport& report) {
  const std::vector<Series> all = validation_series(report);
  const bool shares = std::ranges::all_of(
      all, [](const Series& s) { return std::ranges::all_of(s.points, [](const Point& p) { return !(p.y > 1); }); });
  std::vector<LineChart> charts;
  for (const Series& s : all) {
    const std::string name = shares && all.size() <= kMostTogether ? "" : " " + s.name.substr(0, s.name.find('@'));
    const std::string title = "Validation" + (all.size() == 1 ? " " + s.name : name);
    auto chart = std::ranges::find(charts, title, [](const LineChart& c) { return c.text.title; });
    if (chart == charts.end()) chart = charts.insert(charts.end(), LineChart{{title, "", "epoch"}, {}, {}, {}});
    chart->series.push_back(s);
  }
  return charts;
}

/// Seconds of each phase, a stack of bars an epoch, or a mean of several where they are very many.
Html time_chart(const std::vector<Epoch>& epochs) {
  const bool phases = std::ranges::any_of(epochs, [](const Epoch& e) { return std::isfinite(e.encoder_seconds); });
  const auto rest = [](const Epoch& e) {
    return std::max(
        0.0, or_zero(e.seconds) - or_zero(e.encoder_seconds) - or_zero(e.refresh_seconds) - or_zero(e.decoder_seconds));
  };
  const std::vector<std::pair<const char*, std::function<double(const Epoch&)>>> parts = {
      {"encoder passes", [](const Epoch& e) { return e.encoder_seconds; }},
      {"posterior refresh", [](const Epoch& e) { return e.refresh_seconds; }},
      {"decoder passes", [](const Epoch& e) { return e.decoder_seconds; }},
      {phases ? "other steps" : "training", rest},
      {"validation", [](const Epoch& e) { return e.valid_seconds; }},
      {"checkpoint", [](const Epoch& e) { return e.checkpoint_seconds; }}};
  const std::size_t together = (epochs.size() + kMostBars - 1) / kMostBars;
  BarChart chart{{"Time per epoch",
                  together > 1 ? "seconds, means of " + std::to_string(together) + " epochs" : "seconds", "epoch"},
                 {},
                 {},
                 true};
  for (std::size_t at = 0; at < epochs.size(); at += together) {
    chart.groups.push_back(std::to_string(epochs[std::min(at + together, epochs.size()) - 1].epoch));
  }
  for (const auto& [name, part] : parts) {
    Bars bars{name, {}};
    double sum = 0;
    for (std::size_t at = 0; at < epochs.size(); at += together) {
      const std::size_t end = std::min(epochs.size(), at + together);
      double seconds = 0;
      for (std::size_t e = at; e < end; ++e) seconds += or_zero(part(epochs[e]));
      bars.values.push_back(seconds / static_cast<double>(end - at));
      sum += seconds;
    }
    if (sum > 1e-3 * total_seconds(epochs)) chart.series.push_back(std::move(bars));
  }
  return chart.series.empty() ? Html() : bar_chart(chart);
}

/// A row per epoch; of very many every n-th, the best and the last.
Html epoch_table(const RunReport& report) {
  std::vector<Column> columns = {{"epoch"}, {"loss"}, {"−mll"}, {"KL"}, {"−mll, decoder"}};
  std::vector<std::string> metrics;
  for (const Series& s : validation_series(report)) metrics.push_back(s.name);
  for (const std::string& m : metrics) columns.push_back({m});
  columns.insert(columns.end(), {{"seconds"}, {"users/s"}});
  const auto loss = [](double value) { return text(std::isfinite(value) ? formatted("%.3f", value) : "–"); };
  const std::size_t every = report.epochs.size() / kMostRows + 1;
  std::vector<std::vector<Html>> rows;
  for (std::size_t k = 0; k < report.epochs.size(); ++k) {
    const Epoch& e = report.epochs[k];
    const bool best = e.epoch == report.best_epoch;
    if (k % every != 0 && !best && k + 1 < report.epochs.size()) continue;
    const std::string number = std::to_string(e.epoch);
    std::vector<Html> row = {best ? element("strong", text(number + " (best)")) : text(number), loss(e.train_loss),
                             loss(-e.train_mll), loss(e.train_kld), loss(-e.decoder_mll)};
    for (const std::string& m : metrics) {
      const auto value = std::ranges::find(e.valid, m, &std::pair<std::string, double>::first);
      row.push_back(text(metric_text(value == e.valid.end() ? kNone : value->second)));
    }
    row.push_back(text(std::isfinite(e.seconds) ? formatted("%.2f", e.seconds) : "–"));
    row.push_back(text(std::isfinite(e.users_per_second) ? with_thousands(e.users_per_second) : "–"));
    rows.push_back(std::move(row));
  }
  const std::string which = every > 1 ? "Every " + std::to_string(every) + "th epoch" : "All epochs";
  return details(which + " as a table", table("Epochs", columns, rows));
}

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 59.95) return formatted("%.1f s", seconds);
  const long long whole = std::llround(seconds);
  if (whole < 3600) return formatted("%lld min %02lld s", whole / 60, whole % 60);
  return formatted("%lld h %02lld min", whole / 3600, whole / 60 % 60);
}

std::string metric_text(double value) { return std::isfinite(value) ? formatted("%.4f", value) : "–"; }

double total_seconds(const std::vector<Epoch>& epochs) {
  double sum = 0;
  for (const Epoch& e : epochs) sum += or_zero(e.seconds) + or_zero(e.valid_seconds) + or_zero(e.checkpoint_seconds);
  return sum;
}

double mean_users_per_second(const std::vector<Epoch>& epochs) {
  double visits = 0, seconds = 0;
  for (const Epoch& e : epochs) {
    visits += e.users_per_second * e.seconds;
    seconds += e.seconds;
  }
  return visits / seconds;
}

Html learning_curves(const RunReport& report) {
  if (report.epochs.empty()) return {};
  std::vector<LineChart> charts = validation_charts(report);
  const auto add = [&](const char* title, const char* remark, std::vector<Series> lines) {
    std::erase_if(lines, [](const Series& s) { return !has_numbers(s); });
    if (!lines.empty()) charts.push_back({{title, remark, "epoch"}, std::move(lines), {}, {}});
  };
  add("Reconstruction", "−log-likelihood, lower is better",
      {series("encoder passes", report.epochs, [](const Epoch& e) { return -e.train_mll; }),
       series("decoder passes", report.epochs, [](const Epoch& e) { return -e.decoder_mll; })});
  add("KL divergence", "weighted, of the encoder passes",
      {series("KL", report.epochs, [](const Epoch& e) { return e.train_kld; })});
  Html figures;
  for (LineChart& chart : charts) {
    if (report.best_epoch > 0) {
      chart.mark = static_cast<double>(report.best_epoch);
      chart.mark_text = "best: epoch " + std::to_string(report.best_epoch);
    }
    figures += line_chart(chart);
  }
  return element("div", {{"class", "columns"}}, figures + time_chart(report.epochs)) + epoch_table(report);
}

}  // namespace recvae::tools::report
