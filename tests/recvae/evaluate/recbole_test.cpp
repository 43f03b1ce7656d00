// What RecBole 1.2.1 itself measured of EASE and popularity on MovieLens 100K, split by itself (tests/golden).
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "data/load.h"
#include "recvae/baselines/baselines.h"
#include "recvae/evaluate/evaluator.h"

using namespace recvae;

TEST_CASE("RecBole's split and its twelve metrics of EASE and popularity") {
  const std::string datasets = RECVAE_DATASETS;
  if (datasets.empty()) {
    MESSAGE("skipped: the Meson option datasets is not set");
    return;
  }
  const auto golden = nlohmann::json::parse(std::ifstream(RECVAE_GOLDEN "/recbole-1.2.1.json"));
  data::DataOptions options;
  options.path = datasets + "/ml-100k";
  options.split = "ratio";
  options.split_seed = 2020;
  options.test_history = "train";
  const data::Dataset data = data::load(options);
  const auto counts = golden["splits"]["RO-2020"]["counts"].get<std::vector<std::int64_t>>();
  CHECK(counts == std::vector{data.train.nnz(), data.validation.targets.nnz(), data.test.targets.nnz()});

  const std::vector<Metric> metrics =
      parse_metrics({"recall", "mrr", "ndcg", "hit", "precision", "map", "itemcoverage", "averagepopularity",
                     "giniindex", "shannonentropy", "tailpercentage", "gauc"},
                    {5, 10, 20});
  const MetricContext context = metric_context(data.train, RecallDenominator::all);
  const auto compare = [&](const char* baseline, auto is_exact) {
    for (const bool on_test : {false, true}) {
      const auto scorer = make_baseline(baseline, data.baseline_rows(on_test));
      const Evaluation found = evaluate(*scorer, on_test ? data.test : data.validation, metrics, context);
      const auto& expected = golden[std::string(baseline) + " RO-2020"][on_test ? "test" : "valid"];
      for (std::size_t m = 0; m < metrics.size(); ++m) {
        const std::string label = metrics[m].label();
        INFO(baseline << " " << label << (on_test ? " test" : " validation"));
        const double value = expected.at(label).get<double>(), scale = std::max(1.0, value);
        if (is_exact(metrics[m].name))
          CHECK(std::abs(found.means[m] - value) <= (label == "gauc" ? 1e-5 : 1e-6) * scale);
      }
    }
  };
  compare("ease", [](const std::string&) { return true; });
  // RecBole leaves the order of equal scores open.
  compare("popularity", [](const std::string& name) { return name == "gauc" || name == "averagepopularity"; });
}
