#include "pages.h"

#include <cmath>

#include "tools/report/chart.h"

namespace recvae::test {
namespace {

using namespace tools::report;

const std::string kHostile = "<script>alert(\"1\")</script>' onload='x&amp;\xff\x01";

std::vector<Epoch> epochs(std::int64_t count) {
  std::vector<Epoch> all;
  for (std::int64_t e = 1; e <= count; ++e) {
    const double t = static_cast<double>(e) / static_cast<double>(count), wave = 0.01 * std::sin(40 * t);
    all.push_back(
        {e,
         90 - 30 * t,
         -80 + 28 * t,
         10 - 2 * t,
         e % 7 == 3 ? kNone : -75 + 30 * t,
         {{"ndcg@100", 0.4 + 0.2 * t * (1.6 - t) + wave}, {"recall@20", 0.5 + 0.1 * t + wave}, {kHostile, 3 + t}},
         4 + wave,
         0.4,
         12'000,
         2.6 + wave,
         0.2,
         1.1,
         0.3});
    if (e % 5 == 0) all.back().valid.clear();
  }
  return all;
}

std::string charts_page() {
  std::vector<ScatterPoint> points;
  for (int trial = 0; trial < 45; ++trial) {
    const double rate = std::pow(10, -4 + (trial % 9) / 4.0);
    points.push_back({rate, trial % 3 == 0 ? kHostile : "value " + std::to_string(trial % 3),
                      0.4 - 0.03 * std::pow(std::log10(rate) + 3, 2) + 0.01 * std::sin(trial),
                      "trial " + std::to_string(trial)});
  }
  const Html all = scatter_chart({{"ndcg@100", "on validation", "learning_rate"}, Scale::log, points, 22}) +
                   scatter_chart({{"ndcg@100", "on validation", "learning_rate"}, Scale::linear, points, 22}) +
                   scatter_chart({{"ndcg@100", "on validation", kHostile}, Scale::categories, points, 22});
  return page(kHostile, note(text(kHostile)),
              {{"parameters", "Parameters", element("div", {{"class", "columns"}}, all)}}, kHostile);
}

}  // namespace

RunReport hostile_report() {
  RunReport r;
  r.title = kHostile;
  r.facts = {{"", kHostile}, {"engine", kHostile}};
  r.directory = "runs/" + kHostile;
  r.command = {"recvae_train", "--data", kHostile};
  r.epochs = epochs(50);
  r.valid_metric = "ndcg@100";
  r.best_epoch = 41;
  for (const char* who : {"popularity", "ease", "itemknn", "chosen", ""}) {
    for (const char* metric : {"ndcg@100", "recall@20", "recall@50", "averagepopularity@20"}) {
      r.results.push_back({who, metric, 0.1 * static_cast<double>(r.results.size() % 7) + 0.05});
    }
  }
  r.activity_metric = kHostile;
  r.popularity_k = 20;
  r.of_model = {{{{0, 4, 100}, 0.3}, {{5, 1284, 99}, 0.4}}, {{{0, 9, 80}, 0.1}, {{10, 12'345'678, 81}, 0.5}}};
  r.of_popularity = {{{{0, 4, 100}, 0.2}, {{5, 1284, 99}, kNone}}, {{{0, 9, 80}, 0}, {{10, 12'345'678, 81}, 0.5}}};
  std::vector<ExampleItem> items(60, {kHostile, false});
  items[1].hit = true;
  r.examples = {{kHostile, items, {{"missed"}}, {{kHostile, true}, {"<b>"}}, items}, {"empty", {}, {}, {}, {}}};
  r.summary = data::Summary{};
  r.summary->rows_read = 1'234'567;
  r.summary->dropped.rare_items = 3;
  r.summary->test.unknown_targets = 4;
  r.settings = {{"epochs", "50", "50"}, {"gamma", "0.1", "0.005"}, {"threshold", kHostile, {}}};
  return r;
}

std::map<std::string, std::string> pages() {
  std::map<std::string, std::string> all;
  RunReport r = hostile_report();
  all["everything"] = report_html(r);
  all["nothing"] = report_html({});
  r.epochs = epochs(3000);
  r.best_epoch = 3000;
  all["many-epochs"] = report_html(r);
  r.epochs = epochs(1);
  r.best_epoch = 1;
  all["one-epoch"] = report_html(r);
  r.epochs = epochs(4);
  for (Epoch& e : r.epochs) e.valid.clear();
  r.results.clear();
  all["no-validation"] = report_html(r);
  for (Epoch& e : r.epochs) e = {e.epoch, {}, {}, {}, {}, {{"ndcg@100", kNone}}, {}, {}, {}, {}, {}, {}, {}};
  for (Epoch& e : r.epochs) e.train_mll = e.train_kld = e.seconds = kNone;
  r.results = {{"", "ndcg@100", kNone}, {"popularity", "ndcg@100", HUGE_VAL}};
  all["no-numbers"] = report_html(r);
  all["charts"] = charts_page();
  return all;
}

}  // namespace recvae::test
