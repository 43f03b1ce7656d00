#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "recvae/metrics.h"

using namespace recvae;

namespace {
double value(const std::string& name, std::int64_t k, std::vector<std::uint8_t> hits, std::int64_t targets,
             RecallDenominator d = RecallDenominator::min) {
  return evaluate(Metric{name, k}, Ranking{hits, targets}, d);
}
double discount(int position) { return 1 / std::log2(position + 1.0); }
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

TEST_CASE("parse_metrics: own cutoffs, crossing, case, errors") {
  const auto labels = [](const std::vector<std::string>& names, const std::vector<std::int64_t>& topk) {
    std::string text;
    for (const Metric& m : parse_metrics(names, topk)) text += m.label() + " ";
    return text;
  };
  CHECK(labels({"ndcg@100", "Recall"}, {20, 50}) == "ndcg@100 recall@20 recall@50 ");
  CHECK(labels({"ndcg@20", "NDCG"}, {20, 10}) == "ndcg@20 ndcg@10 ");
  for (const char* bad : {"nope@10", "ndcg@", "ndcg@0", "ndcg@-1", "ndcg@1x", "ndcg@1@2", ""})
    CHECK_THROWS_AS(parse_metrics({bad}, {10}), std::invalid_argument);
  CHECK_THROWS_AS(parse_metrics({"ndcg"}, {}), std::invalid_argument);
  CHECK_THROWS_AS(parse_metrics({}, {10}), std::invalid_argument);
}
