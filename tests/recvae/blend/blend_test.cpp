#include "recvae/blend/blend.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "../fit_problem.h"
#include "../support.h"
#include "autodiff/parallel.h"
#include "recvae/baselines/baselines.h"

using namespace recvae;
using recvae::test::csr;

namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

std::shared_ptr<Scorer> table(ad::Index users, ad::Index items, std::initializer_list<float> scores) {
  return std::make_shared<test::TableScorer>(ad::Tensor<float>(users, items, scores));
}

std::shared_ptr<Scorer> random_table(ad::Index users, ad::Index items, std::uint64_t seed, double scale) {
  ad::Tensor<float> t(users, items);
  ad::fill_normal(t.view(), scale, {.seed = seed});
  return std::make_shared<test::TableScorer>(std::move(t));
}

using List = std::vector<std::pair<std::int32_t, float>>;

std::vector<List> lists(Scorer& scorer, const data::Csr& histories, std::int64_t first, std::size_t users,
                        std::int64_t k, const Excluded& excluded) {
  std::vector<std::vector<Scored>> best(users);
  scorer.rank(histories, first, k, excluded, best);
  std::vector<List> found(users);
  for (std::size_t u = 0; u < users; ++u) {
    for (const Scored& s : best[u]) found[u].emplace_back(s.item, s.score);
  }
  return found;
}

/// The blend's scores of one user's candidates, straight from the definition.
std::vector<double> expected_scores(const std::vector<std::vector<float>>& parts, const std::vector<double>& weights,
                                    const std::vector<bool>& candidate) {
  std::vector<double> sum(candidate.size());
  for (std::size_t p = 0; p < parts.size(); ++p) {
    double n = 0, mean = 0, variance = 0;
    for (std::size_t j = 0; j < candidate.size(); ++j) {
      if (candidate[j]) n += 1, mean += parts[p][j];
    }
    mean /= n;
    for (std::size_t j = 0; j < candidate.size(); ++j) {
      if (candidate[j]) variance += std::pow(parts[p][j] - mean, 2) / n;
    }
    for (std::size_t j = 0; j < candidate.size(); ++j)
      if (variance > 0) sum[j] += weights[p] * (parts[p][j] - mean) / std::sqrt(variance);
  }
  return sum;
}

}  // namespace

TEST_CASE("a blend is the weighted sum of its parts' scores, standardised over each user's candidates") {
  constexpr ad::Index kItems = 300;
  const data::Csr histories = test::random_rows(70, kItems, 4), masked = test::random_rows(40, kItems, 5);
  std::vector<std::uint8_t> barred(kItems);
  for (std::size_t j = 0; j < barred.size(); j += 7) barred[j] = 1;
  const std::vector<BlendPart> parts = {{"a", random_table(70, kItems, 1, 100)},
                                        {"b", random_table(70, kItems, 2, 0.01)},
                                        {"c", random_table(70, kItems, 3, 1)}};
  for (const std::vector<double>& weights : {std::vector<double>{1, 0.5, 2}, {0, 1, 0}, {1, 1, 0}, {0.25, 0, 4}}) {
    const auto blend = blend_scorer(parts, weights);
    for (const Excluded& excluded : {Excluded{}, Excluded{.history = true}, Excluded{true, &masked, barred}}) {
      ad::Tensor<float> found(70, kItems);
      blend->score_candidates(histories, 0, excluded, found);
      const auto ranked = lists(*blend, histories, 0, 70, 20, excluded);
      for (std::int64_t u = 0; u < 70; ++u) {
        std::vector<float> mask(kItems, 0);
        excluded.mask(histories, u, 0, mask);
        excluded.bar(0, mask);
        std::vector<bool> candidate;
        for (const float m : mask) candidate.push_back(m == 0);
        std::vector<std::vector<float>> rows(parts.size(), std::vector<float>(kItems));
        for (std::size_t p = 0; p < parts.size(); ++p) {
          ad::Tensor<float> row(1, kItems);
          parts[p].scorer->score(histories, u, row);
          rows[p].assign(row.data(), row.data() + kItems);
        }
        const std::vector<double> expected = expected_scores(rows, weights, candidate);
        bool close = true;
        std::vector<float> whole(kItems);
        for (ad::Index j = 0; j < kItems; ++j) {
          const float v = whole[static_cast<std::size_t>(j)] = found(u, j);
          const auto at = static_cast<std::size_t>(j);
          close = close && (candidate[at] ? std::abs(v - expected[at]) < 1e-4 : v == kNone);
        }
        CHECK(close);
        std::vector<Scored> best;
        top_k(whole, 20, best);
        REQUIRE(best.size() == ranked[static_cast<std::size_t>(u)].size());
        for (std::size_t k = 0; k < best.size(); ++k)
          CHECK(std::abs(best[k].score - ranked[static_cast<std::size_t>(u)][k].second) < 1e-5);
      }
    }
  }
}

TEST_CASE("scores of a mean far above their deviation, all candidates among the last items") {
  constexpr ad::Index kItems = 900;
  std::vector<float> row(kItems, 0);
  std::vector<std::uint8_t> barred(kItems, 1);
  std::vector<bool> candidate(kItems);
  ad::Tensor<float> noise(1, kItems), found(1, kItems);
  ad::fill_normal(noise.view(), 0.01, {.seed = 1});
  for (std::size_t j = 300; j < kItems; ++j) {
    row[j] = 100 + noise.data()[j];
    barred[j] = 0;
    candidate[j] = true;
  }
  ad::Tensor<float> scores(1, kItems);
  std::ranges::copy(row, scores.data());
  const auto blend = blend_scorer({{"a", std::make_shared<test::TableScorer>(std::move(scores))}}, {1});
  blend->score_candidates(csr(kItems, {{}}), 0, {false, nullptr, barred}, found);
  const std::vector<double> expected = expected_scores({row}, {1}, candidate);
  for (std::size_t j = 300; j < kItems; j += 7) CHECK(std::abs(found.data()[j] - expected[j]) < 0.01);
}

TEST_CASE("a part that says nothing of a user leaves the list to the others; where all do, lower items come first") {
  const data::Csr histories = csr(4, {{0}, {0}});
  const auto flat = table(2, 4, {9, 3, 3, 3, 5, 5, 5, 5}), clear = table(2, 4, {0, 1, 3, 2, 0, 7, 7, 7});
  const auto blend = blend_scorer({{"flat", flat}, {"clear", clear}}, {5, 1});
  const auto found = lists(*blend, histories, 0, 2, 4, {.history = true});
  CHECK(found[0].size() == 3);
  CHECK(found[0][0].first == 2);
  CHECK(found[0][2].first == 1);
  CHECK(found[1] == List{{1, 0}, {2, 0}, {3, 0}});
}

TEST_CASE("blended lists: the same bits for 1, 2 and 4 threads, alone and in company") {
  const data::Csr train = test::random_rows(500, 900, 6), histories = test::random_rows(150, 900, 7);
  std::vector<BlendPart> parts;
  for (const char* name : {"ease", "edlae", "itemknn"}) parts.push_back({name, make_baseline(name, train)});
  const auto blend = blend_scorer(parts, {1, 0.5, 0.25});
  std::vector<List> expected;
  for (const int threads : {1, 2, 4}) {
    ad::set_threads(threads);
    const auto found = lists(*blend, histories, 0, 150, 50, {.history = true});
    if (expected.empty()) expected = found;
    CHECK(found == expected);
    for (const std::int64_t u : {0, 63, 64, 149})
      CHECK(lists(*blend, histories, u, 1, 50, {.history = true})[0] == expected[static_cast<std::size_t>(u)]);
  }
  ad::set_threads(0);
}

TEST_CASE("choose_weights: the best of what was tried on validation, one part's weight 1") {
  data::HeldOut validation;
  validation.history = test::random_rows(150, 60, 8);
  validation.targets = test::random_rows(150, 60, 9);
  const MetricContext context = metric_context(validation.history, RecallDenominator::min);
  // The targets are the popular items: the first part knows them, the second one is noise, the third half and half.
  const std::vector<BlendPart> parts = {{"noise", random_table(150, 60, 1, 1)},
                                        {"popularity", make_baseline("popularity", validation.targets)},
                                        {"noise too", random_table(150, 60, 2, 1)}};
  for (const std::string name : {"ndcg@10", "gauc", "itemcoverage@5"}) {
    CAPTURE(name);
    const Metric metric = parse_metrics({name}, {})[0];
    const BlendChoice choice = choose_weights(parts, 1, validation, metric, context);
    CHECK(choice.weights[1] == 1);
    const double best = choice.tried.at(choice.weights);
    for (const auto& [weights, value] : choice.tried) {
      CHECK_FALSE(is_better(metric, value, best));
      const double alone = evaluate(*blend_scorer(parts, weights), validation, {metric}, context).means[0];
      CHECK(std::abs(value - alone) < 1e-5);
    }
    for (auto a = choice.tried.begin(), b = std::next(a); b != choice.tried.end(); ++a, ++b) {
      const auto alike = [](double v, double w) { return std::abs(v - w) < 1e-9; };
      CHECK_FALSE(std::ranges::equal(a->first, b->first, alike));  // nothing twice, but for its last bits
    }
  }
  const Metric ndcg = parse_metrics({"ndcg@10"}, {})[0];
  CHECK(choose_weights(parts, 1, validation, ndcg, context).weights[0] <= 0.25);
  const BlendChoice other = choose_weights(parts, 0, validation, ndcg, context);
  CHECK(other.weights[0] == 1);
  CHECK(other.weights[1] >= 4);  // beyond the first grid, as its edge wins
  validation.targets = csr(60, {});
  CHECK(choose_weights(parts, 1, validation, ndcg, context).tried.empty());
}

TEST_CASE("what cannot be blended is refused") {
  const auto fine = table(1, 3, {1, 2, 3});
  CHECK_THROWS_AS(blend_scorer({}, {}), ad::Error);
  for (const std::vector<double>& weights :
       {std::vector<double>{}, {1, 1}, {-1}, {0}, {1e-7}, {1e7}, {NAN}, {INFINITY}})
    CHECK_THROWS_AS(blend_scorer({{"fine", fine}}, weights), ad::Error);
  for (const float bad : {NAN, INFINITY}) {
    const auto blend = blend_scorer({{"fine", fine}, {"bad one", table(1, 3, {1, bad, 3})}}, {1, 1});
    CHECK_THROWS_WITH_AS(lists(*blend, csr(3, {{}}), 0, 1, 2, {}),
                         "blend: the scores of bad one are not finite numbers, or too large", ad::Error);
  }
}
