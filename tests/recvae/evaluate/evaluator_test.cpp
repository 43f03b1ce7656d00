#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../support.h"
#include "autodiff/random.h"
#include "recvae/evaluate/evaluator.h"
#include "recvae/model.h"

using namespace recvae;
using recvae::test::csr;
using recvae::test::TableScorer;

namespace {

/// Scores with many ties: few different values.
ad::Tensor<float> tied_scores(ad::Index rows, ad::Index cols) {
  ad::Tensor<float> t(rows, cols);
  for (ad::Index i = 0; i < t.size(); ++i)
    t.data()[i] = std::floor(8 * static_cast<float>(ad::uniform({.seed = 3}, static_cast<std::uint64_t>(i))));
  return t;
}

/// All metrics, written down as slowly and plainly as can be: from a full sort of every user's candidates.
struct Plain {
  std::vector<std::vector<std::int32_t>> order;  // candidates of each user with targets, best first
  std::vector<std::vector<std::int32_t>> targets;
  std::vector<std::vector<float>> scores;
  std::vector<int> popularity;
  std::vector<bool> tail;
  bool min_recall = true;

  bool hit(std::size_t u, std::int32_t item) const {
    return std::find(targets[u].begin(), targets[u].end(), item) != targets[u].end();
  }

  double of_user(const std::string& name, std::int64_t k, std::size_t u) const {
    const auto n = static_cast<std::int64_t>(targets[u].size());
    const auto length = std::min<std::int64_t>(k, static_cast<std::int64_t>(order[u].size()));
    double hits = 0, gain = 0, ideal = 0, first = 0, precisions = 0, popular = 0, in_tail = 0;
    for (std::int64_t j = 1; j <= length; ++j) {
      const std::int32_t item = order[u][static_cast<std::size_t>(j - 1)];
      popular += popularity[static_cast<std::size_t>(item)];
      in_tail += tail[static_cast<std::size_t>(item)];
      if (!hit(u, item)) continue;
      if (hits++ == 0) first = static_cast<double>(j);
      gain += std::log(2) / std::log(j + 1);
      precisions += hits / static_cast<double>(j);
    }
    for (std::int64_t j = 1; j <= std::min(k, n); ++j) ideal += std::log(2) / std::log(j + 1);
    const auto reachable = static_cast<double>(std::min(k, n));
    if (name == "ndcg") return gain / ideal;
    if (name == "recall") return hits / (min_recall ? reachable : static_cast<double>(n));
    if (name == "precision") return hits / static_cast<double>(k);
    if (name == "hit") return hits > 0 ? 1 : 0;
    if (name == "mrr") return hits > 0 ? 1 / first : 0;
    if (name == "map") return precisions / reachable;
    if (name == "averagepopularity") return popular / static_cast<double>(length);
    return in_tail / static_cast<double>(length);
  }

  double mean(const std::string& name, std::int64_t k) const {
    if (name == "gauc") return gauc();
    const auto items = static_cast<double>(popularity.size());
    std::vector<double> counts(popularity.size(), 0.0);
    double sum = 0, users = 0, listed = 0;
    for (std::size_t u = 0; u < order.size(); ++u) {
      for (std::size_t j = 0; j < order[u].size() && j < static_cast<std::size_t>(k); ++j, ++listed)
        ++counts[static_cast<std::size_t>(order[u][j])];
      if (const double value = of_user(name, k, u); !std::isnan(value)) {
        sum += value;
        ++users;
      }
    }
    const auto distinct =
        static_cast<double>(std::count_if(counts.begin(), counts.end(), [](double c) { return c > 0; }));
    if (name == "itemcoverage") return distinct / (items + 1);
    if (name == "shannonentropy") {
      double entropy = 0;
      for (const double c : counts) entropy -= c > 0 ? c / listed * std::log(c / listed) : 0;
      return entropy / distinct;
    }
    if (name == "giniindex") {
      counts.push_back(0);  // the padding item
      std::sort(counts.begin(), counts.end());
      double gini = 0;
      for (std::size_t r = 1; r <= counts.size(); ++r)
        gini += (2 * static_cast<double>(r) - static_cast<double>(counts.size()) - 1) * counts[r - 1];
      return gini / listed / static_cast<double>(counts.size());
    }
    return sum / users;
  }

  double gauc() const {  // of all pairs of a target and another candidate
    double sum = 0, weight = 0;
    for (std::size_t u = 0; u < order.size(); ++u) {
      double won = 0, pairs = 0, positives = 0;
      for (const std::int32_t a : order[u]) {
        positives += hit(u, a);
        for (const std::int32_t b : order[u]) {
          if (!hit(u, a) || hit(u, b)) continue;
          const float x = scores[u][static_cast<std::size_t>(a)], y = scores[u][static_cast<std::size_t>(b)];
          won += x > y ? 1 : x == y ? 0.5 : 0;
          ++pairs;
        }
      }
      if (pairs == 0) continue;
      sum += positives * won / pairs;
      weight += positives;
    }
    return sum / weight;
  }
};

/// What random users have; some of them are odd.
struct Users {
  std::vector<std::vector<std::int32_t>> histories, targets, masked, train;
};

Users random_users(std::int64_t count, std::int32_t items) {
  Users users;
  for (std::int64_t u = 0; u < count; ++u) {
    auto &h = users.histories.emplace_back(), &t = users.targets.emplace_back(), &m = users.masked.emplace_back(),
         &x = users.train.emplace_back();
    for (std::int32_t i = 0; i < items; ++i) {
      const double r = ad::uniform({.seed = 4}, static_cast<std::uint64_t>(u * items + i));
      if (r < 0.1) h.push_back(i);
      if (r > 0.07 && r < 0.2) t.push_back(i);  // some targets are in the history, too
      if (r > 0.19 && r < 0.3) m.push_back(i);  // and some are masked
      if (r < 2.0 / (3 + i)) x.push_back(i);
    }
    if (u % 13 == 0) t.clear();
    if (u == 5) h.assign(1, 0), t.assign(1, 0), m.clear();  // its one target is masked
    if (u == 6) {                                           // few candidates
      for (std::int32_t i = 7; i < items; ++i) m.push_back(i);
      std::sort(m.begin(), m.end());
      m.erase(std::unique(m.begin(), m.end()), m.end());
    }
    if (u == 7) {  // none
      h.resize(static_cast<std::size_t>(items));
      std::iota(h.begin(), h.end(), 0);
    }
  }
  return users;
}

}  // namespace

TEST_CASE("evaluate: agrees with a plain reference on tied scores, for many users, whatever the threads") {
  const std::int32_t items = 90;
  const std::int64_t users = 150;  // more than are scored together
  const ad::Tensor<float> table = tied_scores(users, items);
  const auto [histories, targets, masked, train] = random_users(users, items);
  const data::HeldOut held{{}, csr(items, histories), csr(items, targets), csr(items, masked)};
  const std::vector<Metric> metrics =
      parse_metrics({"ndcg", "recall", "precision", "hit", "mrr", "map", "itemcoverage", "averagepopularity",
                     "giniindex", "shannonentropy", "tailpercentage", "gauc"},
                    {1, 5, 20, 200});

  for (const bool min_recall : {true, false}) {
    const MetricContext context =
        metric_context(csr(items, train), min_recall ? RecallDenominator::min : RecallDenominator::all, 0.4);
    Plain plain;
    plain.min_recall = min_recall;
    plain.popularity.assign(static_cast<std::size_t>(items), 0);
    for (const auto& row : train) {
      for (const std::int32_t i : row) ++plain.popularity[static_cast<std::size_t>(i)];
    }
    std::vector<std::int32_t> by_popularity;
    for (std::int32_t i = 0; i < items; ++i) {
      if (plain.popularity[static_cast<std::size_t>(i)] > 0) by_popularity.push_back(i);
    }
    std::stable_sort(by_popularity.begin(), by_popularity.end(), [&](std::int32_t a, std::int32_t b) {
      return plain.popularity[static_cast<std::size_t>(a)] < plain.popularity[static_cast<std::size_t>(b)];
    });
    by_popularity.resize(static_cast<std::size_t>(static_cast<double>(by_popularity.size()) * 0.4));
    plain.tail.assign(static_cast<std::size_t>(items), false);
    for (const std::int32_t i : by_popularity) plain.tail[static_cast<std::size_t>(i)] = true;
    for (std::size_t u = 0; u < histories.size(); ++u) {
      if (targets[u].empty()) continue;
      std::vector<std::int32_t> order;
      for (std::int32_t i = 0; i < items; ++i) {
        const auto among = [i](const std::vector<std::int32_t>& row) {
          return std::find(row.begin(), row.end(), i) != row.end();
        };
        if (!among(histories[u]) && !among(masked[u])) order.push_back(i);
      }
      const float* const row = table.view().row(static_cast<ad::Index>(u));
      std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return row[a] > row[b]; });
      plain.order.push_back(order);
      plain.targets.push_back(targets[u]);
      plain.scores.emplace_back(row, row + items);
    }
    for (int threads : {1, 4}) {
      ad::set_threads(threads);
      TableScorer scorer(table);
      const Evaluation got = evaluate(scorer, held, metrics, context);
      REQUIRE(got.rows.size() == plain.order.size());
      for (std::size_t m = 0; m < metrics.size(); ++m) {
        INFO(metrics[m].label());
        CHECK(std::abs(got.means[m] - plain.mean(metrics[m].name, metrics[m].k)) <=
              1e-12 * std::max(1.0, got.means[m]));
        if (is_of_all_lists(metrics[m]) || metrics[m].name == "gauc") continue;
        for (std::size_t u = 0; u < plain.order.size(); ++u) {
          const double expected = plain.of_user(metrics[m].name, metrics[m].k, u);
          const UserValue& value = got.value(u, m);
          CHECK((value.weight > 0) == !std::isnan(expected));
          if (value.weight > 0) CHECK(std::abs(value.value - expected) <= 1e-12 * std::max(1.0, expected));
        }
      }
    }
  }
  ad::set_threads(0);
}

TEST_CASE("evaluate: a metric that needs whole rows of scores changes no other") {
  const std::int32_t items = 700;
  const RecVae<float> model{Encoder<float>(items, 40, 20, 0.1, ad::nn::Init::torch, 1, 0),
                            ad::nn::Linear<float>(20, items, 1)};
  std::vector<std::vector<std::int32_t>> histories(600), targets(600), masked(3);
  for (std::int32_t u = 0; u < 600; ++u) {
    for (std::int32_t i = u % 5; i < items; i += 3 + u)
      (i % 4 == 1 ? targets : histories)[static_cast<std::size_t>(u)].push_back(i);
  }
  masked[1] = {0, 5, 699};
  const data::HeldOut held{{}, csr(items, histories), csr(items, targets), csr(items, masked)};
  const MetricContext context = metric_context(held.history, RecallDenominator::min);
  const auto scorer = model_scorer(model);
  const Evaluation lists = evaluate(*scorer, held, parse_metrics({"ndcg@20", "giniindex@700"}, {}), context),
                   rows = evaluate(*scorer, held, parse_metrics({"ndcg@20", "giniindex@700", "gauc"}, {}), context);
  CHECK(lists.means == std::vector<double>{rows.means[0], rows.means[1]});
}

TEST_CASE("evaluate: nobody with targets means NaN of nobody") {
  data::HeldOut held;
  held.history = csr(3, {{0}});
  held.targets = csr(3, {{}});
  TableScorer scorer(ad::Tensor<float>(1, 3));
  const Evaluation e = evaluate(scorer, held, parse_metrics({"ndcg@2", "gauc", "giniindex@2"}, {}), {});
  CHECK(e.users() == 0);
  for (const double mean : e.means) CHECK(std::isnan(mean));
}
