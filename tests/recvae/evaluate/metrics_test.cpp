#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "../support.h"
#include "recvae/evaluate/metrics.h"

using namespace recvae;
using recvae::test::csr;

namespace {

/// A list of as many items as there are hits, of which item j is a target where hits[j]; further targets are in no
/// list.
struct List {
  std::vector<Scored> best;
  std::vector<std::int32_t> targets;

  List(const std::vector<std::uint8_t>& hits, std::size_t target_count) {
    for (std::size_t j = 0; j < hits.size(); ++j) {
      best.push_back({static_cast<std::int32_t>(j), 0});
      if (hits[j]) targets.push_back(static_cast<std::int32_t>(j));
    }
    while (targets.size() < target_count) targets.push_back(static_cast<std::int32_t>(1000 + targets.size()));
  }
};

UserValue user_value(const Metric& metric, const MetricContext& context, const Ranking& ranking) {
  UserValue value;
  evaluate_user({metric}, context, ranking, {&value, 1});
  return value;
}

double value(const std::string& name, std::int64_t k, const std::vector<std::uint8_t>& hits, std::size_t targets,
             RecallDenominator recall = RecallDenominator::min) {
  const List list(hits, targets);
  return user_value({name, k}, {recall, {}, {}}, {list.best, list.targets, {}}).value;
}

double discount(int position) { return 1 / std::log2(position + 1.0); }

UserValue gauc(const std::vector<float>& scores, const std::vector<std::int32_t>& targets) {
  return user_value({"gauc", 0}, {}, {{}, targets, scores});
}

constexpr float kNone = -std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("metrics by hand: hits at 2 and 4 of five, three targets") {
  const std::vector<std::uint8_t> hits = {0, 1, 0, 1, 0};
  CHECK(value("ndcg", 5, hits, 3) ==
        doctest::Approx((discount(2) + discount(4)) / (discount(1) + discount(2) + discount(3))).epsilon(1e-15));
  CHECK(value("ndcg", 2, hits, 3) == doctest::Approx(discount(2) / (discount(1) + discount(2))).epsilon(1e-15));
  CHECK(value("recall", 5, hits, 3) == doctest::Approx(2.0 / 3));
  CHECK(value("recall", 2, hits, 3) == doctest::Approx(1.0 / 2));
  CHECK(value("recall", 2, hits, 3, RecallDenominator::all) == doctest::Approx(1.0 / 3));
  CHECK(value("precision", 5, hits, 3) == doctest::Approx(2.0 / 5));
  CHECK(value("precision", 1, hits, 3) == 0);
  CHECK(value("hit", 5, hits, 3) == 1);
  CHECK(value("hit", 1, hits, 3) == 0);
  CHECK(value("mrr", 5, hits, 3) == 0.5);
  CHECK(value("mrr", 1, hits, 3) == 0);
  CHECK(value("map", 5, hits, 3) == doctest::Approx((1.0 / 2 + 2.0 / 4) / 3));
  CHECK(value("map", 2, hits, 3) == doctest::Approx((1.0 / 2) / 2));
}

TEST_CASE("metrics: a perfect list is 1, more targets than k, a catalogue shorter than k") {
  for (const char* name : {"ndcg", "recall", "hit", "mrr", "map", "precision"})
    CHECK(value(name, 3, {1, 1, 1}, 7) == doctest::Approx(1));
  CHECK(value("recall", 3, {1, 1, 1}, 7, RecallDenominator::all) == doctest::Approx(3.0 / 7));
  CHECK(value("ndcg", 100, {1, 1}, 2) == doctest::Approx(1));
  CHECK(value("precision", 100, {1, 1}, 2) == doctest::Approx(0.02));  // k even where fewer items are
  CHECK(value("ndcg", 10, {}, 2) == 0);
}

TEST_CASE("averagepopularity and tailpercentage by hand: means over the items that the list has") {
  const data::Csr train = csr(5, {{0, 1, 2}, {0, 1}, {0, 4}, {0}});  // users: 4 2 1 0 1
  const MetricContext context = metric_context(train, RecallDenominator::min);
  CHECK(context.popularity == std::vector<std::int64_t>{4, 2, 1, 0, 1});
  const std::vector<Scored> best = {{0, 5}, {2, 4}, {3, 3}};
  const std::vector<std::int32_t> targets = {1};
  const auto of = [&](const char* name, std::int64_t k, std::span<const Scored> list) {
    return user_value({name, k}, context, {list, targets, {}});
  };
  CHECK(of("averagepopularity", 1, best).value == 4);
  CHECK(of("averagepopularity", 2, best).value == 2.5);
  CHECK(of("averagepopularity", 3, best).value == doctest::Approx(5.0 / 3));  // item 3, never seen, counts 0
  CHECK(of("averagepopularity", 10, best).value == doctest::Approx(5.0 / 3));
  CHECK(of("tailpercentage", 2, best).value == 0.5);  // the tail is item 2
  CHECK(of("tailpercentage", 10, best).value == doctest::Approx(1.0 / 3));
  CHECK(of("averagepopularity", 3, {}).weight == 0);
  CHECK(of("tailpercentage", 3, {}).weight == 0);
}

TEST_CASE("the tail: of the items seen in training, a share by (users, index), or all with few users") {
  const data::Csr train = csr(6, {{0, 1, 2, 5}, {0, 1, 4}, {0, 4}, {0}});  // users: 4 2 1 0 2 1
  const auto tail = [&](std::optional<double> ratio) {
    std::string text;
    for (const auto in : metric_context(train, RecallDenominator::min, ratio).is_tail) text += in ? '1' : '0';
    return text;
  };
  CHECK(tail({}) == "001000");   // 0.1 of five items: at least one
  CHECK(tail(0.0) == "001000");  // likewise
  CHECK(tail(-3.0) == "001000");
  CHECK(tail(0.4) == "001001");   // two
  CHECK(tail(0.79) == "011001");  // three: of the items with two users the lower index
  CHECK(tail(1.0) == "111011");   // item 3, never seen, is none
  CHECK(tail(1.5) == "001001");   // above 1 it is a number of users
  CHECK(tail(2.0) == "011011");
  CHECK(tail(100.0) == "111011");
}

TEST_CASE("gauc by hand: ranks, ties, what is no candidate, who is left out") {
  CHECK(gauc({4, 3, 2, 1}, {0}).value == 1);
  CHECK(gauc({4, 3, 2, 1}, {3}).value == 0);
  CHECK(gauc({4, 3, 2, 1}, {1}).value == doctest::Approx(2.0 / 3));
  CHECK(gauc({4, 3, 2, 1}, {0, 2}).value == doctest::Approx(3.0 / 4));
  CHECK(gauc({4, 3, 2, 1}, {0, 2}).weight == 2);
  CHECK(gauc({7, 7, 7, 7}, {0, 2}).value == 0.5);
  // RecBole's formula: n = 4, P = 2, ranks 1 and 2.5 (the two in the middle tie): (5 * 2 - 3 - 3.5) / (2 * 2).
  CHECK(gauc({4, 3, 3, 1}, {0, 2}).value == doctest::Approx(3.5 / 4));
  CHECK(gauc({4, kNone, 2, NAN}, {2}).value == 0);
  CHECK(gauc({4, kNone, 2, 5}, {0, 1}).value == 0.5);
  CHECK(gauc({4, kNone, 2, 5}, {0, 1}).weight == 1);      // a masked target has no rank
  CHECK(gauc({4, kNone, 2, kNone}, {0, 2}).weight == 0);  // all candidates are targets
  CHECK(gauc({4, kNone, 2, 1}, {1}).weight == 0);         // no candidate is
}

TEST_CASE("metrics of all lists by hand: two lists of two, items 0 1 and 0 2 of four") {
  const std::vector<std::int64_t> counts = {2, 1, 1, 0};
  const auto of = [&](const char* name) { return value_of_counts({name, 2}, counts); };
  CHECK(of("itemcoverage") == doctest::Approx(3.0 / 5));  // RecBole's padding item counts
  // Ascending counts 1 1 2 at the places 3 4 5 of N = 5: ((6 - 6) 1 + (8 - 6) 1 + (10 - 6) 2) / 4 / 5
  CHECK(of("giniindex") == doctest::Approx(10.0 / 4 / 5));
  CHECK(of("shannonentropy") == doctest::Approx((0.5 * std::log(2) + 2 * 0.25 * std::log(4)) / 3));
  for (const char* name : {"itemcoverage", "giniindex", "shannonentropy"}) {
    CHECK(is_of_all_lists({name, 2}));
    CHECK(std::isnan(value_of_counts({name, 2}, std::vector<std::int64_t>(4, 0))));
    CHECK(user_value({name, 2}, {}, {{}, std::vector<std::int32_t>{0}, {}}).weight == 0);
  }
  CHECK(!is_of_all_lists({"ndcg", 2}));
  // One item in every list: nothing is less even, and there is no entropy.
  const std::vector<std::int64_t> one = {0, 0, 0, 7};
  CHECK(value_of_counts({"giniindex", 1}, one) == doctest::Approx(4.0 / 5));
  CHECK(value_of_counts({"shannonentropy", 1}, one) == 0);
}

TEST_CASE("smaller is better for averagepopularity and giniindex alone; anything is better than nothing and NaN") {
  for (const char* name : {"ndcg", "recall", "precision", "hit", "mrr", "map", "itemcoverage", "averagepopularity",
                           "giniindex", "shannonentropy", "tailpercentage", "gauc"}) {
    INFO(name);
    const Metric metric{name, 10};
    const bool smaller = metric.name == "averagepopularity" || metric.name == "giniindex";
    CHECK(is_better(metric, 0.1, 0.2) == smaller);
    CHECK(is_better(metric, 0.2, 0.1) == !smaller);
    CHECK(!is_better(metric, 0.2, 0.2));
    CHECK(!is_better(metric, NAN, 0.2));
    CHECK(is_better(metric, 0.2, NAN));
    CHECK(is_better(metric, 0.2, {}));
  }
}

TEST_CASE("parse_metrics: own cutoffs, crossing, case, errors") {
  const auto labels = [](const std::vector<std::string>& names, const std::vector<std::int64_t>& topk) {
    std::string text;
    for (const Metric& m : parse_metrics(names, topk)) text += m.label() + " ";
    return text;
  };
  CHECK(labels({"ndcg@100", "Recall"}, {20, 50}) == "ndcg@100 recall@20 recall@50 ");
  CHECK(labels({"ndcg@20", "NDCG"}, {20, 10}) == "ndcg@20 ndcg@10 ");
  CHECK(labels({"GAUC", "hit"}, {5, 10}) == "gauc hit@5 hit@10 ");
  for (const char* bad : {"gauc@10", "nope@10", "ndcg@", "ndcg@0", "ndcg@-1", "ndcg@1x", "ndcg@1@2", ""})
    CHECK_THROWS_AS(parse_metrics({bad}, {10}), std::invalid_argument);
  CHECK_THROWS_AS(parse_metrics({"ndcg"}, {}), std::invalid_argument);
  CHECK_THROWS_AS(parse_metrics({}, {10}), std::invalid_argument);
}
