#include "run_report.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "model_metadata.h"
#include "nn/atomic_file.h"
#include "recvae/baselines/baselines.h"
#include "recvae/evaluate/examples.h"

namespace recvae::tools::report {
namespace {

constexpr std::int64_t kExamples = 4, kListed = 10;

std::vector<Epoch> read_epochs(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw data::DataError(path + ": expected a line per epoch, cannot be read");
  return parse_epochs(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::string setting_text(const nlohmann::ordered_json& value) {
  if (value.is_null()) return "none";
  std::string text = value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::erase(text, '"');
  for (std::size_t at = text.find(','); at != text.npos; at = text.find(',', at + 1)) text.insert(at + 1, " ");
  return text;
}

/// All settings of the model, and those of the data that are given.
std::vector<Setting> settings_of(const Settings& settings, const data::DataOptions& options) {
  const auto all = nlohmann::ordered_json::parse(settings_metadata(settings, options)),
             paper = nlohmann::ordered_json::parse(to_json(Settings()));
  std::vector<Setting> found;
  for (const auto& [name, value] : all.items()) {
    const bool of_model = paper.contains(name);
    if (!of_model && (value.empty() || value == "")) continue;  // NOLINT(readability-container-size-empty): of JSON
    found.push_back({name, setting_text(value), {}});
    if (of_model) found.back().paper = setting_text(paper[name]);
  }
  return found;
}

/// What users are grouped by: the metric that chose the epoch where users have it, else the first one that they have.
Metric metric_of_users(const Settings& settings) {
  std::vector<Metric> all = parse_metrics({settings.valid_metric}, {});
  const std::vector<Metric> tested = parse_metrics(settings.metrics, settings.topk);
  all.insert(all.end(), tested.begin(), tested.end());
  const auto of_users = [](const Metric& m) { return !is_of_all_lists(m) && !needs_scores(m); };
  const auto found = std::ranges::find_if(all, of_users);
  return found == all.end() ? Metric{"ndcg", 100} : *found;
}

/// The cutoff of the first recall that is tested, else that of `other`.
std::int64_t cutoff(const Settings& settings, const Metric& other) {
  const std::vector<Metric> tested = parse_metrics(settings.metrics, settings.topk);
  const auto recall = std::ranges::find(tested, "recall", &Metric::name);
  return recall == tested.end() ? other.k : recall->k;
}

std::vector<ExampleUser> examples_of(const RunSources& s, Scorer& model, Scorer& popularity) {
  const data::HeldOut& test = s.data.test;
  const std::vector<std::int64_t> rows = evenly_spread_users(test, kExamples);
  const auto listed = best_items(model, test, rows, kListed), popular = best_items(popularity, test, rows, kListed);
  std::vector<ExampleUser> users;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const std::span<const std::int32_t> hidden = test.targets.row(rows[k]);
    const auto items = [&](std::span<const std::int32_t> list, bool marked) {
      std::vector<ExampleItem> named;
      for (const std::int32_t item : list) {
        const std::string& token = s.data.item_tokens[data::as_size(item)];
        const auto name = s.item_names.find(token);
        const bool hit = marked && std::ranges::binary_search(hidden, item);
        named.push_back({name == s.item_names.end() ? token : name->second, hit});
      }
      return named;
    };
    std::vector<std::int32_t> missed;
    for (const std::int32_t item : hidden) {
      if (std::ranges::find(listed[k], item) == listed[k].end()) missed.push_back(item);
    }
    users.push_back({test.user_tokens[data::as_size(rows[k])], items(test.history.row(rows[k]), false),
                     items(missed, false), items(listed[k], true), items(popular[k], true)});
  }
  return users;
}

}  // namespace

void write_run_report(const std::string& path, RunReport report, const RunSources& sources) {
  report.epochs = read_epochs(sources.metrics_file);
  report.summary = sources.data.summary;
  report.settings = settings_of(sources.settings, sources.data_options);
  if (sources.data.test.targets.nnz() > 0) {
    const Metric metric = metric_of_users(sources.settings);
    report.activity_metric = metric.label();
    report.popularity_k = cutoff(sources.settings, metric);
    const auto model = model_scorer(sources.model),
               popularity = make_baseline("popularity", sources.data.baseline_rows(true));
    const auto broken_down = [&](Scorer& scorer) {
      return breakdown(scorer, sources.data.test, metric, report.popularity_k, sources.context);
    };
    report.of_model = broken_down(*model);
    report.of_popularity = broken_down(*popularity);
    report.examples = examples_of(sources, *model, *popularity);
  }
  ad::nn::write_file(path, report_html(report));
}

}  // namespace recvae::tools::report
