#include "table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "../json_value.h"

namespace recvae::tune {
namespace {

/// The shortest text that is this number again; nothing for what is none.
std::string text_of(double value) {
  if (std::isnan(value)) return {};
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string joined(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) line += (&cell == cells.data() ? "" : "\t") + cell;
  return line + "\n";
}

std::vector<std::string> parameter_names(const Plan& plan) {
  std::vector<std::string> names;
  for (const Parameter& p : plan.space.parameters) names.push_back(p.name);
  return names;
}

}  // namespace

std::string to_json(const Record& r) {
  nlohmann::ordered_json j;
  j["trial"] = r.trial + 1;
  j["rung"] = r.rung + 1;
  j["status"] = r.diverged ? "diverged" : "finished";
  j["epochs"] = r.epochs;
  j["best_epoch"] = r.best_epoch;
  j["valid"] = r.valid;  // NaN becomes null
  j["test"] = r.test;
  j["seconds"] = r.seconds;
  return j.dump();
}

Record record_from_json(const std::string& text) {
  const nlohmann::json j = parse_settings(text);
  Record r;
  std::string status;
  std::optional<double> valid;
  std::vector<std::optional<double>> test;
  take_setting(j, "trial", r.trial);
  take_setting(j, "rung", r.rung);
  take_setting(j, "status", status);
  take_setting(j, "epochs", r.epochs);
  take_setting(j, "best_epoch", r.best_epoch);
  take_setting(j, "valid", valid);
  take_setting(j, "test", test);
  take_setting(j, "seconds", r.seconds);
  if (r.trial-- == 0 || r.rung-- == 0) throw std::runtime_error("expected trial and rung from 1 on");
  r.diverged = status == "diverged";
  r.valid = valid.value_or(kNothing);
  for (const std::optional<double>& value : test) r.test.push_back(value.value_or(kNothing));
  return r;
}

std::string describe_point(const Plan& plan, std::size_t point) {
  std::string text;
  for (std::size_t k = 0; k < plan.space.parameters.size(); ++k)
    text += (k == 0 ? "" : ", ") + plan.space.parameters[k].name + ":" + plan.points[point][k];
  return text;
}

std::string describe_trial(const Plan& plan, std::size_t trial) {
  const std::string point = describe_point(plan, plan.point_of(trial));
  if (plan.space.seeds.empty()) return point;
  return point + (point.empty() ? "" : ", ") + "seed:" + plan.space.seeds[trial % plan.space.runs()];
}

std::string trials_table(const Search& search, const std::vector<Metric>& metrics) {
  const Plan& plan = search.plan();
  const bool seeds = !plan.space.seeds.empty();
  std::vector<std::string> header = parameter_names(plan);
  header.insert(header.begin(), "trial");
  if (seeds) header.emplace_back("seed");
  header.push_back(search.valid_metric().label());
  for (const char* name : {"status", "best_epoch", "epochs"}) header.emplace_back(name);
  for (const Metric& m : metrics) header.push_back("test " + m.label());
  header.emplace_back("seconds");
  std::string table = joined(header);
  for (const Record* r : search.records()) {
    std::vector<std::string> row = plan.points[plan.point_of(r->trial)];
    row.insert(row.begin(), std::to_string(r->trial + 1));
    if (seeds) row.push_back(plan.space.seeds[r->trial % plan.space.runs()]);
    row.push_back(text_of(r->valid));
    row.emplace_back(r->diverged ? "diverged" : "finished");
    row.push_back(r->best_epoch > 0 ? std::to_string(r->best_epoch) : "");
    row.push_back(std::to_string(r->epochs));
    for (std::size_t m = 0; m < metrics.size(); ++m) row.push_back(m < r->test.size() ? text_of(r->test[m]) : "");
    row.push_back(text_of(std::round(r->seconds * 1000) / 1000));
    table += joined(row);
  }
  return table;
}

std::string settings_table(const Search& search, const std::vector<Metric>& metrics) {
  const Plan& plan = search.plan();
  std::vector<std::string> header = parameter_names(plan);
  header.push_back(search.valid_metric().label());
  for (const char* name : {"n", "deviation"}) header.emplace_back(name);
  for (const Metric& m : metrics) {
    header.push_back("test " + m.label());
    header.push_back("test " + m.label() + " deviation");
  }
  std::string table = joined(header);
  for (const std::size_t point : search.ranking()) {
    std::vector<std::string> row = plan.points[point];
    const auto put = [&](const Mean& mean) {
      row.push_back(text_of(mean.mean));
      row.push_back(text_of(mean.deviation));
    };
    const Mean valid = search.valid(point);
    row.push_back(text_of(valid.mean));
    row.push_back(std::to_string(search.runs(point).size()));
    row.push_back(text_of(valid.deviation));
    for (std::size_t m = 0; m < metrics.size(); ++m) put(search.test(point, m));
    table += joined(row);
  }
  return table;
}

}  // namespace recvae::tune
