#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/random.h"
#include "recvae/evaluator.h"
#include "recvae/model.h"

using namespace recvae;

namespace {

/// Gives every user the scores of a table.
class TableScorer : public Scorer {
 public:
  explicit TableScorer(ad::Tensor<float> table) : table_(std::move(table)) {}
  void score(const data::Csr&, std::int64_t first, ad::Matrix<float> scores) override {
    const ad::Index rows = std::min(scores.rows, table_.rows() - first);
    std::copy_n(table_.data() + first * table_.cols(), rows * table_.cols(), scores.data);
  }

 private:
  ad::Tensor<float> table_;
};

data::Csr csr(std::int32_t cols, const std::vector<std::vector<std::int32_t>>& rows) {
  data::Csr m;
  m.cols = cols;
  for (const auto& row : rows) m.append(row);
  return m;
}

/// Scores with many ties: few different values.
ad::Tensor<float> tied_scores(ad::Index rows, ad::Index cols) {
  ad::Tensor<float> t(rows, cols);
  for (ad::Index i = 0; i < t.size(); ++i)
    t.data()[i] = std::floor(8 * static_cast<float>(ad::uniform({.seed = 3}, static_cast<std::uint64_t>(i))));
  return t;
}

}  // namespace

TEST_CASE("top_k: a full sort's head for every k, ties to the lower item, masked and NaN scores left out") {
  const ad::Tensor<float> scores = tied_scores(1, 200);
  std::vector<float> row(scores.data(), scores.data() + 200);
  row[17] = -std::numeric_limits<float>::infinity();
  row[18] = std::numeric_limits<float>::quiet_NaN();
  std::vector<std::int32_t> order(200);
  std::iota(order.begin(), order.end(), 0);
  std::erase_if(order, [](std::int32_t i) { return i == 17 || i == 18; });
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return row[static_cast<std::size_t>(a)] > row[static_cast<std::size_t>(b)];
  });
  std::vector<Scored> best;
  for (std::int64_t k : {0, 1, 2, 10, 100, 198, 200, 1000}) {
    top_k(row, k, best);
    REQUIRE(best.size() == std::min<std::size_t>(static_cast<std::size_t>(k), order.size()));
    for (std::size_t j = 0; j < best.size(); ++j) {
      CHECK(best[j].item == order[j]);
      CHECK(best[j].score == row[static_cast<std::size_t>(order[j])]);
    }
  }
}

TEST_CASE("evaluate: agrees with a plain reference on tied scores, for many users, whatever the threads") {
  const std::int32_t items = 90;
  const std::int64_t users = 150;  // more than are scored together
  const ad::Tensor<float> table = tied_scores(users, items);
  data::HeldOut held;
  std::vector<std::vector<std::int32_t>> histories, targets;
  for (std::int64_t u = 0; u < users; ++u) {
    std::vector<std::int32_t> h, t;
    for (std::int32_t i = 0; i < items; ++i) {
      const double r = ad::uniform({.seed = 4}, static_cast<std::uint64_t>(u * items + i));
      if (r < 0.1) h.push_back(i);
      if (r > 0.07 && r < 0.2) t.push_back(i);  // some targets are in the history, too
    }
    if (u % 13 == 0) t.clear();
    histories.push_back(h);
    targets.push_back(t);
  }
  held.history = csr(items, histories);
  held.targets = csr(items, targets);
  const std::vector<Metric> metrics =
      parse_metrics({"ndcg", "recall", "precision", "hit", "mrr", "map"}, {1, 5, 20, 200});

  std::vector<double> expected(metrics.size(), 0.0);
  std::int64_t counted = 0;
  for (std::int64_t u = 0; u < users; ++u) {
    const auto& h = histories[static_cast<std::size_t>(u)];
    const auto& t = targets[static_cast<std::size_t>(u)];
    if (t.empty()) continue;
    ++counted;
    std::vector<std::int32_t> order;
    for (std::int32_t i = 0; i < items; ++i) {
      if (!std::binary_search(h.begin(), h.end(), i)) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int32_t a, std::int32_t b) { return table(u, a) > table(u, b); });
    std::vector<std::uint8_t> hits;
    for (std::int32_t i : order) hits.push_back(std::binary_search(t.begin(), t.end(), i));
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      const auto length = std::min(hits.size(), static_cast<std::size_t>(metrics[m].k));
      expected[m] += evaluate(metrics[m], Ranking{std::span(hits).first(length), static_cast<std::int64_t>(t.size())},
                              RecallDenominator::min);
    }
  }
  for (int threads : {1, 4}) {
    ad::set_threads(threads);
    TableScorer scorer(table);
    const Evaluation got = evaluate(scorer, held, metrics, RecallDenominator::min);
    CHECK(got.users == counted);
    for (std::size_t m = 0; m < metrics.size(); ++m)
      CHECK(got.means[m] == doctest::Approx(expected[m] / static_cast<double>(counted)).epsilon(1e-12));
  }
  ad::set_threads(0);
}

TEST_CASE("a user's scores are the same bits alone and in company, at the sizes of the paper") {
  const std::int32_t items = 500;
  const RecVae<float> model{Encoder<float>(items, 600, 200, 0.1, ad::nn::Init::torch, 1, 0),
                            ad::nn::Linear<float>(200, items, 1)};
  std::vector<std::vector<std::int32_t>> rows(70);
  for (std::size_t u = 0; u < rows.size(); ++u) {
    for (std::int32_t i = static_cast<std::int32_t>(u); i < items; i += 7 + static_cast<std::int32_t>(u))
      rows[u].push_back(i);
  }
  const auto scorer = model_scorer(model);
  const auto scores_of = [&](const std::vector<std::vector<std::int32_t>>& histories, std::int64_t row) {
    std::vector<float> scores;
    recommend(*scorer, csr(items, histories), items, false, {}, [&](std::int64_t u, std::span<const Scored> best) {
      for (const Scored& s : best) {
        if (u == row) scores.push_back(s.score);
      }
    });
    return scores;
  };
  for (std::size_t row : {std::size_t{0}, std::size_t{13}, std::size_t{69}}) {
    CHECK(scores_of(rows, static_cast<std::int64_t>(row)) == scores_of({rows[row]}, 0));
    CHECK(scores_of({rows[5], rows[row], rows[9]}, 1) == scores_of({rows[row]}, 0));
  }
}

TEST_CASE("evaluate: nobody with targets means NaN of nobody") {
  data::HeldOut held;
  held.history = csr(3, {{0}});
  held.targets = csr(3, {{}});
  TableScorer scorer(ad::Tensor<float>(1, 3));
  const Evaluation e = evaluate(scorer, held, parse_metrics({"ndcg@2"}, {}), RecallDenominator::min);
  CHECK(e.users == 0);
  CHECK(std::isnan(e.means[0]));
}

TEST_CASE("popularity: training users per item, ties to the lower item; barred items never come") {
  const data::Csr train = csr(4, {{0, 2}, {2, 3}, {2}, {1}});
  const auto scorer = popularity_scorer(train);
  std::vector<std::int32_t> list;
  const auto collect = [&](std::int64_t, std::span<const Scored> best) {
    list.clear();
    for (const Scored& s : best) list.push_back(s.item);
  };
  recommend(*scorer, csr(4, {{}}), 4, true, {}, collect);
  CHECK(list == std::vector<std::int32_t>{2, 0, 1, 3});
  recommend(*scorer, csr(4, {{0}}), 4, true, {}, collect);
  CHECK(list == std::vector<std::int32_t>{2, 1, 3});
  recommend(*scorer, csr(4, {{0}}), 4, false, std::vector<std::uint8_t>{0, 0, 1, 0}, collect);
  CHECK(list == std::vector<std::int32_t>{0, 1, 3});
}
