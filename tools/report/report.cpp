#include "report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "chart.h"
#include "command_line.h"
#include "curves.h"
#include "data_summary.h"
#include "page.h"
#include "recvae/evaluate/metrics.h"

namespace recvae::tools::report {
namespace {

constexpr std::size_t kMostShown = 20;  // items of a history

std::string count_text(std::int64_t count) { return with_thousands(static_cast<double>(count)); }

std::string name_of(const std::string& who) {
  if (who.empty()) return "RecVAE";
  if (who == "chosen") return "RecVAE before the refit";
  if (who == "popularity") return "Popularity";
  if (who == "ease") return "EASE";
  return who == "itemknn" ? "ItemKNN" : who;
}

/// Whom results are of, the model last; and what they measure, in the order in which they came.
template <class Member>
std::vector<std::string> distinct(const std::vector<Result>& results, const Member& member) {
  std::vector<std::string> found;
  for (const Result& r : results) {
    if (std::ranges::find(found, r.*member) == found.end()) found.push_back(r.*member);
  }
  return found;
}

double result_of(const RunReport& report, const std::string& who, const std::string& metric) {
  for (const Result& r : report.results) {
    if (r.who == who && r.metric == metric) return r.value;
  }
  return kNone;
}

double best_result(const RunReport& report, const std::string& metric) {
  const Metric of_label{metric.substr(0, metric.find('@')), 0};
  std::optional<double> best;
  for (const Result& r : report.results) {
    if (r.metric == metric && std::isfinite(r.value) && is_better(of_label, r.value, best)) best = r.value;
  }
  return best.value_or(kNone);
}

/// The model's figure of a metric, and bars of everybody's.
Html result_card(const RunReport& report, const std::string& metric) {
  const std::vector<std::string> everybody = distinct(report.results, &Result::who);
  double largest = 0;
  for (const std::string& who : everybody) largest = std::max(largest, result_of(report, who, metric));
  std::vector<Compared> compared;
  for (const std::string& who : everybody) {
    const double value = result_of(report, who, metric);
    if (who != "chosen" && std::isfinite(value)) {
      compared.push_back({name_of(who), metric_text(value), largest > 0 ? value / largest : 0, who.empty()});
    }
  }
  std::ranges::stable_sort(compared, {}, [](const Compared& c) { return !c.own; });
  if (compared.size() < 2) compared.clear();
  return card("Test " + metric, metric_text(result_of(report, "", metric)), "", compared);
}

double valid_value(const Epoch& epoch, const std::string& metric) {
  for (const auto& [name, value] : epoch.valid) {
    if (name == metric) return value;
  }
  return kNone;
}

bool was_validated(const RunReport& report) {
  return std::ranges::any_of(report.epochs, [](const Epoch& e) { return !e.valid.empty(); });
}

Html headline(const RunReport& report) {
  std::vector<Html> all;
  for (const std::string& metric : distinct(report.results, &Result::metric)) {
    if (all.size() < 3 && std::isfinite(result_of(report, "", metric))) all.push_back(result_card(report, metric));
  }
  if (!report.epochs.empty()) {
    const std::string count = std::to_string(report.epochs.size());
    const auto best = std::ranges::find(report.epochs, report.best_epoch, &Epoch::epoch);
    const double value = best == report.epochs.end() ? kNone : valid_value(*best, report.valid_metric);
    const double seconds = total_seconds(report.epochs);
    const std::string each = duration_text(seconds / static_cast<double>(report.epochs.size())) + " an epoch";
    if (was_validated(report) && report.best_epoch > 0) {
      all.push_back(card("Best epoch", std::to_string(report.best_epoch) + " of " + count,
                         report.valid_metric + " on validation: " + metric_text(value)));
    } else {
      all.push_back(card("Epochs", count, "without validation: the last one is kept"));
    }
    const double speed = mean_users_per_second(report.epochs);
    const std::string rate = std::isfinite(speed) ? ", " + with_thousands(speed) + " users/s" : "";
    if (seconds > 0) all.push_back(card("Training time", duration_text(seconds), each + rate));
  }
  return all.empty() ? Html() : cards(all);
}

/// A word as a shell takes it.
std::string quoted(const std::string& word) {
  constexpr const char* plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

/// A command line, which breaks between words alone.
Html code(const std::vector<std::string>& words) {
  Html line;
  for (const std::string& word : words) {
    line += (line.empty() ? Html() : text(" ")) + element("span", {{"class", "word"}}, text(quoted(word)));
  }
  return element("code", line);
}

Html header(const RunReport& report) {
  Html facts;
  for (const auto& [key, value] : report.facts) {
    facts += (facts.empty() ? Html() : text(" · ")) + text(key.empty() ? value : key + " " + value);
  }
  Html html = facts.empty() ? Html() : element("p", {{"class", "faint"}}, facts);
  html += headline(report);
  if (!was_validated(report) || report.epochs.back().epoch != report.best_epoch) return html;
  const std::string directory = report.directory.empty() ? "DIR" : report.directory;
  const std::string more = std::to_string(2 * report.best_epoch);
  return html +
         note(element("strong", text("Still improving.")) + text(" The last epoch is the best so far; train longer: ") +
              code({"recvae_train", "--resume", directory, "--epochs", more}));
}

Html results(const RunReport& report) {
  std::vector<std::string> everybody = distinct(report.results, &Result::who);
  if (everybody.empty()) return {};
  std::ranges::stable_sort(everybody, {}, [](const std::string& who) { return who.empty(); });
  const std::vector<std::string> metrics = distinct(report.results, &Result::metric);
  std::vector<Column> columns = {{"", false}};
  for (const std::string& metric : metrics) columns.push_back({metric});
  std::vector<std::vector<Html>> rows;
  for (const std::string& who : everybody) {
    std::vector<Html> row = {who.empty() ? element("strong", text(name_of(who))) : text(name_of(who))};
    for (const std::string& metric : metrics) {
      const double value = result_of(report, who, metric);
      const Html words = text(metric_text(value));
      row.push_back(value == best_result(report, metric) ? element("strong", words) : words);
    }
    rows.push_back(std::move(row));
  }
  return table("Test results", columns, rows) +
         element("p", {{"class", "faint"}}, text("On the same test users. ★ is the best of a column."));
}

std::string range_text(const Range& range, std::string (*count)(std::int64_t)) {
  return range.least == range.most ? count(range.least) : count(range.least) + "–" + count(range.most);
}

/// 1.3k for 1,283: as there is room below a bar.
std::string short_count(std::int64_t count) {
  if (count < 1000) return std::to_string(count);
  const double thousands = static_cast<double>(count) / 1e3;
  return thousands < 1000 ? formatted("%.*fk", thousands < 10 ? 1 : 0, thousands) : formatted("%.3gM", thousands / 1e3);
}

/// Bars and a table of the model's and popularity's means in the same groups.
Html breakdown_section(const std::vector<GroupMean>& model, const std::vector<GroupMean>& popularity,
                       const ChartText& words, const std::string& counted, const std::string& explanation) {
  if (model.empty() || model.size() != popularity.size()) return {};
  BarChart chart{words, {}, {{"RecVAE", {}}, {"Popularity", {}, true}}};
  std::vector<std::vector<Html>> rows;
  for (std::size_t g = 0; g < model.size(); ++g) {
    const Range& range = model[g].range;
    chart.groups.push_back(range_text(range, short_count));
    chart.series[0].values.push_back(model[g].mean);
    chart.series[1].values.push_back(popularity[g].mean);
    rows.push_back({text(range_text(range, count_text)), text(count_text(range.count)),
                    text(metric_text(model[g].mean)), text(metric_text(popularity[g].mean))});
  }
  return element("p", {{"class", "faint"}}, text(explanation)) +
         element(
             "div", {{"class", "columns"}},
             bar_chart(chart) + table(words.title, {{words.x, false}, {counted}, {"RecVAE"}, {"Popularity"}}, rows));
}

/// Items as a list of small boxes.
Html names(const std::vector<ExampleItem>& items, bool ordered) {
  Html list;
  for (const ExampleItem& item : std::span(items).first(std::min(items.size(), kMostShown))) {
    const Attributes kind = item.hit ? Attributes{{"class", "found"}} : Attributes{};
    list += element("li", kind, text((item.hit ? "✓ " : "") + item.name));
  }
  const std::string rest = "and " + std::to_string(items.size() - std::min(items.size(), kMostShown)) + " more";
  if (items.size() > kMostShown) list += element("li", {{"class", "more"}}, text(rest));
  if (items.empty()) list += element("li", {{"class", "more"}}, text("none"));
  return element(ordered ? "ol" : "ul", {{"class", "names"}}, list);
}

Html examples(const RunReport& report) {
  Html all;
  for (const ExampleUser& e : report.examples) {
    const auto found = static_cast<std::size_t>(std::ranges::count_if(e.listed, &ExampleItem::hit));
    const std::string count = std::to_string(found) + " of " + std::to_string(found + e.missed.size());
    Html html = element("h3", text("User " + e.user + " ") + element("span", text(count + " hidden items found")));
    const auto add = [&](const std::string& label, const std::vector<ExampleItem>& items, bool ordered) {
      html += element("div", {{"class", "label"}}, text(label)) + names(items, ordered);
    };
    add("Given (" + std::to_string(e.history.size()) + ")", e.history, false);
    add("RecVAE recommends", e.listed, true);
    add("Hidden, and missed (" + std::to_string(e.missed.size()) + ")", e.missed, false);
    add("Popularity recommends", e.popularity, true);
    all += element("article", {{"class", "example"}}, html);
  }
  return all.empty() ? all : element("div", {{"class", "columns"}}, all);
}

Html summary(const RunReport& report) {
  if (!report.summary) return {};
  const data::Summary& s = *report.summary;
  const std::pair<const char*, const data::PartSummary&> parts[] = {
      {"training", s.train}, {"validation", s.validation}, {"test", s.test}};
  std::vector<Column> columns = {{"part", false}, {"users"}, {"rows"}};
  std::vector<std::vector<Html>> rows, dropped;
  for (const auto& [name, part] : parts) {
    rows.push_back({text(name), text(count_text(part.users)), text(count_text(part.rows))});
  }
  // Of what is mostly 0 and strange where it is not, only what there is.
  const auto add = [&](const char* title, std::int64_t data::PartSummary::*count) {
    if (std::ranges::all_of(parts, [&](const auto& part) { return part.second.*count == 0; })) return;
    columns.push_back({title});
    for (std::size_t p = 0; p < rows.size(); ++p) {
      rows[p].push_back(text(p == 0 ? "" : count_text(parts[p].second.*count)));
    }
  };
  add("targets", &data::PartSummary::targets);
  add("empty histories", &data::PartSummary::empty_histories);
  add("unseen items", &data::PartSummary::unknown_targets);
  add("targets in the history", &data::PartSummary::masked_targets);
  add("targets trained on", &data::PartSummary::trained_targets);
  data::Dropped::visit(s.dropped, [&](const char*, const char* words, std::int64_t count) {
    if (count > 0) dropped.push_back({text(words), text(count_text(count))});
  });
  Html html = element("p", text(count_text(s.rows_read) + " rows read; " + count_text(s.users) + " users, " +
                                count_text(s.items) + " items."));
  html += table("Parts of the data", columns, rows);
  return dropped.empty() ? html : html + table("Rows dropped", {{"rows dropped", false}, {"rows"}}, dropped);
}

Html settings(const RunReport& report) {
  Html list;
  std::int64_t changes = 0;
  for (const Setting& s : report.settings) {
    const bool changed = s.paper && *s.paper != s.value;
    changes += changed;
    Html value = text(s.value);
    if (changed) value += element("small", text("paper: " + *s.paper));
    list += element("div", changed ? Attributes{{"class", "changed"}} : Attributes{},
                    element("dt", text(s.name)) + element("dd", value));
  }
  if (list.empty()) return {};
  const std::string differ = changes == 0   ? "As in the preset paper."
                             : changes == 1 ? "One differs from the preset paper."
                                            : count_text(changes) + " differ from the preset paper.";
  return element("p", {{"class", "faint"}}, text(differ)) + element("dl", {{"class", "setting"}}, list);
}

Html reproduce(const RunReport& report) {
  Html html;
  if (!report.command.empty()) {
    html += element("p", text("The command of this run:")) + element("pre", code(report.command));
  }
  if (!report.directory.empty()) {
    html += element("p", text("With all settings that were in force, whatever the defaults of a later version are:"));
    html += element("pre", code({"recvae_train", "--config", report.directory + "/config.yaml", "--out",
                                 report.directory + "-again"}));
  }
  return html;
}

}  // namespace

std::vector<Epoch> parse_epochs(std::string_view jsonl) {
  std::vector<Epoch> epochs;
  for (std::size_t at = 0; at < jsonl.size();) {
    const std::size_t end = std::min(jsonl.find('\n', at), jsonl.size());
    const auto j = nlohmann::ordered_json::parse(jsonl.substr(at, end - at), nullptr, false);
    at = end + 1;
    if (!j.is_object() || !j.contains("epoch") || !j["epoch"].is_number_integer()) continue;
    Epoch e;
    e.epoch = j["epoch"].get<std::int64_t>();
    const auto take = [&](const char* key, double& value) {
      if (const auto found = j.find(key); found != j.end() && found->is_number()) value = found->get<double>();
    };
    take("train_loss", e.train_loss);
    take("train_mll", e.train_mll);
    take("train_kld", e.train_kld);
    take("decoder_mll", e.decoder_mll);
    take("seconds", e.seconds);
    take("valid_seconds", e.valid_seconds);
    take("users_per_second", e.users_per_second);
    take("encoder_seconds", e.encoder_seconds);
    take("refresh_seconds", e.refresh_seconds);
    take("decoder_seconds", e.decoder_seconds);
    take("checkpoint_seconds", e.checkpoint_seconds);
    if (const auto valid = j.find("valid"); valid != j.end() && valid->is_object()) {
      for (const auto& [metric, value] : valid->items()) {
        e.valid.emplace_back(metric, value.is_number() ? value.get<double>() : kNone);
      }
    }
    epochs.push_back(std::move(e));
  }
  return epochs;
}

std::string report_html(const RunReport& report) {
  const std::string k = std::to_string(report.popularity_k);
  return page(
      "RecVAE on " + report.title, header(report),
      {{"curves", "Learning curves", learning_curves(report)},
       {"results", "Test results", results(report)},
       {"activity", "By user activity",
        breakdown_section(report.of_model.by_activity, report.of_popularity.by_activity,
                          {report.activity_metric, "mean of each group", "items in the history"}, "users",
                          "Test users in groups of nearly equal size, by how many items are known of them.")},
       {"popularity", "By item popularity",
        breakdown_section(report.of_model.by_popularity, report.of_popularity.by_popularity,
                          {"Hidden items found in the top " + k, "share of each group", "training users of the item"},
                          "hidden items",
                          "The hidden items of all test users in groups of nearly equal size, from the tail of "
                          "the catalogue to its head.")},
       {"examples", "Examples", examples(report)},
       {"data", "Data", summary(report)},
       {"settings", "Settings", settings(report)},
       {"reproduce", "How to reproduce", reproduce(report)}},
      "One file without references: it can be kept and sent as it is.");
}

}  // namespace recvae::tools::report
