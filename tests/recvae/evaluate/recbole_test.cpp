// What RecBole 1.2.1 itself measured of EASE and popularity, split by itself: on MovieLens 100K, and on a made-up table
// (tests/golden/make_recbole.py).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "../../support/datasets.h"
#include "data/load.h"
#include "recvae/baselines/baselines.h"
#include "recvae/evaluate/evaluator.h"

using namespace recvae;

namespace {

nlohmann::json golden_of(const std::string& name) {
  return nlohmann::json::parse(std::ifstream(RECVAE_GOLDEN "/" + name + ".json"));
}

/// Twelve metrics of a ratio split with seed 2020 against `golden`; RecBole leaves the order of equal scores open,
/// which popularity has and EASE has not.
void check_metrics(const nlohmann::json& golden, const data::Dataset& data) {
  const std::vector<Metric> metrics =
      parse_metrics({"recall", "mrr", "ndcg", "hit", "precision", "map", "itemcoverage", "averagepopularity",
                     "giniindex", "shannonentropy", "tailpercentage", "gauc"},
                    {5, 10, 20});
  const MetricContext context = metric_context(data.train, RecallDenominator::all);
  for (const std::string baseline : {"ease", "popularity"}) {
    for (const bool on_test : {false, true}) {
      const auto scorer = make_baseline(baseline, data.baseline_rows(on_test));
      const Evaluation found = evaluate(*scorer, on_test ? data.test : data.validation, metrics, context);
      const std::string part = on_test ? "test" : "valid";
      const auto& expected = golden[baseline + " RO-2020"][part];
      for (std::size_t m = 0; m < metrics.size(); ++m) {
        const std::string label = metrics[m].label();
        if (baseline == "popularity" && label != "gauc" && metrics[m].name != "averagepopularity") continue;
        INFO(baseline << " " << label << " " << part);
        const double value = expected.at(label).get<double>(), scale = std::max(1.0, value);
        CHECK(std::abs(found.means[m] - value) <= (label == "gauc" ? 1e-5 : 1e-6) * scale);
      }
    }
  }
}

data::DataOptions recbole_options(const std::string& path) {
  data::DataOptions options;
  options.path = path;
  options.split = data::SplitKind::ratio;
  options.split_seed = 2020;
  options.test_history = data::TestHistory::train;
  return options;
}

/// `user item` of each row of a part, sorted, as RecBole's in the golden file.
std::vector<std::vector<std::string>> rows_of(data::DataOptions options) {
  const auto split = std::get<data::WeakSplit>(data::load_split(options));
  std::vector<std::vector<std::string>> parts(3);
  for (std::int64_t k = 0; k < split.rows.rows(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    parts[k < split.train_end   ? 0
          : k < split.valid_end ? 1
                                : 2]
        .push_back(split.rows.user_tokens[static_cast<std::size_t>(split.rows.users[at])] + " " +
                   split.rows.item_tokens[static_cast<std::size_t>(split.rows.items[at])]);
  }
  for (auto& part : parts) std::sort(part.begin(), part.end());
  return parts;
}

}  // namespace

TEST_CASE("RecBole's splits and its twelve metrics of EASE and popularity: a made-up table") {
  const auto golden = golden_of("recbole-1.2.1-made-up");
  data::DataOptions options = recbole_options(RECVAE_GOLDEN "/made_up");
  options.ratios = {0.6, 0.2, 0.2};
  CHECK(rows_of(options) == golden["splits"]["RO-2020"].get<std::vector<std::vector<std::string>>>());
  check_metrics(golden, data::load(options));
  options.ratios.clear();
  options.split = data::SplitKind::loo;
  options.order = data::Order::time;
  CHECK(rows_of(options) == golden["splits"]["LOO-TO"].get<std::vector<std::vector<std::string>>>());
}

TEST_CASE("RecBole's split and its twelve metrics of EASE and popularity: MovieLens 100K" * test::needs_datasets()) {
  const auto golden = golden_of("recbole-1.2.1");
  const data::Dataset data = data::load(recbole_options(test::dataset("ml-100k")));
  const auto counts = golden["splits"]["RO-2020"]["counts"].get<std::vector<std::int64_t>>();
  CHECK(counts == std::vector{data.train.nnz(), data.validation.targets.nnz(), data.test.targets.nnz()});
  check_metrics(golden, data);
}
