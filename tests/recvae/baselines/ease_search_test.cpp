#include "recvae/baselines/ease_search.h"

#include <doctest/doctest.h>

#include "../fit_problem.h"

using namespace recvae;

namespace {

/// Users whose targets are the items after those that they have: never popular enough.
data::Dataset problem() {
  data::Dataset data;
  data.train = test::random_rows(80, 40, 8);
  data.validation.history = data.train;
  for (std::int64_t u = 0; u < data.train.rows(); ++u) {  // the items after those that a user has: never popular enough
    std::vector<std::int32_t> row;
    for (const std::int32_t i : data.train.row(u)) {
      if (i + 7 < 40) row.push_back(i + 7);
    }
    data.validation.targets.append(row);
  }
  data.validation.targets.cols = 40;
  data.validation.user_tokens.resize(80);
  data.test = data.validation;
  return data;
}

}  // namespace

TEST_CASE("choose_ease: the best power of two on validation, with its neighbours, beyond the first grid too") {
  data::Dataset data = problem();
  const MetricContext context = metric_context(data.train, RecallDenominator::min);
  for (const char* name : {"ndcg@10", "recall@3", "averagepopularity@5"}) {
    CAPTURE(name);
    const Metric metric = parse_metrics({name}, {})[0];
    const EaseChoice choice = choose_ease("ease", data, metric, context, {}, {}, 1e9);
    CHECK(choice.dropout == 0);
    for (const auto& [tried, value] : choice.tried) {
      const auto ease = make_baseline("ease", data.train, {.lambda = tried.second, .double_precision = false});
      CHECK(value == evaluate(*ease, data.validation, {metric}, context).means[0]);
      CHECK_FALSE(is_better(metric, value, choice.tried.at({0, choice.lambda})));
    }
    if (choice.lambda > 0x1p-6) CHECK(choice.tried.contains({0, choice.lambda / 2}));
    if (choice.lambda < 0x1p20) CHECK(choice.tried.contains({0, choice.lambda * 2}));
    CHECK(choice.tried.size() <= 20);
  }
  const Metric metric = parse_metrics({"ndcg@10"}, {})[0];
  CHECK(choose_ease("ease", data, metric, context, {.lambda = 7}, {}, 1e-12).lambda == 7);
  CHECK(choose_ease("ease", data, metric, context, {.lambda = 7}, {}, 1e-12).tried.empty());
  data.validation.targets = {40};
  CHECK(choose_ease("ease", data, metric, context, {.lambda = 7}, {}, 1e9).lambda == 7);
}

TEST_CASE("choose_ease: of edlae the dropout, too, but not what is fixed") {
  const data::Dataset data = problem();
  const MetricContext context = metric_context(data.train, RecallDenominator::min);
  const Metric metric = parse_metrics({"ndcg@10"}, {})[0];
  const EaseChoice choice = choose_ease("edlae", data, metric, context, {}, {}, 1e9);
  const double best = choice.tried.at({choice.dropout, choice.lambda});
  for (const auto& [tried, value] : choice.tried) {
    const auto edlae =
        make_baseline("edlae", data.train, {.lambda = tried.second, .dropout = tried.first, .double_precision = false});
    CHECK(value == evaluate(*edlae, data.validation, {metric}, context).means[0]);
    CHECK_FALSE(is_better(metric, value, best));
  }
  for (double dropout = 0.02; dropout < 1; dropout += 0.04) {  // nothing twice, but for its last bits
    CAPTURE(dropout);
    const auto tried = choose_ease("edlae", data, metric, context, {.dropout = dropout}, {.lambda = true}, 1e9).tried;
    for (auto a = tried.begin(), b = std::next(a); b != tried.end(); ++a, ++b)
      CHECK(b->first.first - a->first.first > 1e-6);
  }
  const auto settings = [&](EaseFixed fixed) {
    const EaseChoice c = choose_ease("edlae", data, metric, context, {.lambda = 7, .dropout = 0.5}, fixed, 1e9);
    return std::pair(c.lambda, c.dropout);
  };
  CHECK(settings({.lambda = true}).first == 7);
  CHECK(choose_ease("edlae", data, metric, context, {.lambda = 7}, {.lambda = true}, 1e9).tried.size() > 2);
  CHECK(settings({.dropout = true}).first != 7);
  CHECK(settings({.dropout = true}).second == 0.5);
  CHECK(choose_ease("edlae", data, metric, context, {.dropout = 0}, {}, 1e9).dropout == 0);
  // What is given may lie where the search would not go.
  CHECK(choose_ease("edlae", data, metric, context, {.lambda = 1e9}, {.lambda = true}, 1e9).tried.size() > 2);
  const EaseChoice far = choose_ease("edlae", data, metric, context, {.dropout = 0.9999}, {.dropout = true}, 1e9);
  CHECK(far.dropout == 0.9999);
  CHECK(far.tried.size() > 3);
  CHECK(choose_ease("edlae", data, metric, context, {.dropout = 0.9999}, {}, 1e9).tried.size() > 4);
}
