#include "recvae/baselines/baselines.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <stdexcept>

#include "../support.h"
#include "autodiff/parallel.h"
#include "autodiff/random.h"
#include "recvae/evaluate/evaluator.h"

using namespace recvae;
using recvae::test::csr;

namespace {

data::Csr random_rows(std::int64_t users, std::int32_t items) {
  data::Csr m;
  m.cols = items;
  for (std::int64_t u = 0; u < users; ++u) {
    std::vector<std::int32_t> row;
    for (std::int32_t i = 0; i < items; ++i) {
      if (ad::uniform({.seed = 8}, static_cast<std::uint64_t>(u * items + i)) < 3.0 / (5 + i)) row.push_back(i);
    }
    m.append(row);
  }
  return m;
}

/// The scores of row `first` on.
std::vector<float> scores_of(Scorer& scorer, const data::Csr& histories, std::int64_t first) {
  ad::Tensor<float> block(1, histories.cols);
  scorer.score(histories, first, block);
  return {block.data(), block.data() + histories.cols};
}

}  // namespace

TEST_CASE("popularity: training users per item, ties to the lower item; barred items never come") {
  const data::Csr train = csr(4, {{0, 2}, {2, 3}, {2}, {1}});
  const auto scorer = make_baseline("popularity", train);
  std::vector<std::int32_t> list;
  const auto collect = [&](std::int64_t, std::span<const Scored> best) {
    list.clear();
    for (const Scored& s : best) list.push_back(s.item);
  };
  recommend(*scorer, csr(4, {{}}), 4, {.history = true}, collect);
  CHECK(list == std::vector<std::int32_t>{2, 0, 1, 3});
  recommend(*scorer, csr(4, {{0}}), 4, {.history = true}, collect);
  CHECK(list == std::vector<std::int32_t>{2, 1, 3});
  const data::Csr masked = csr(4, {{1}, {2, 3}});
  recommend(*scorer, csr(4, {{0}, {0}}), 4, {.history = true, .masked = &masked}, collect);  // the last user's
  CHECK(list == std::vector<std::int32_t>{1});
  recommend(*scorer, csr(4, {{0}}), 4, {.barred = std::vector<std::uint8_t>{0, 0, 1, 0}}, collect);
  CHECK(list == std::vector<std::int32_t>{0, 1, 3});
}

TEST_CASE("ease by hand: two items") {
  // X^T X + 2 I = [[5, 2], [2, 4]], P = [[4, -2], [-2, 5]] / 16: B[0, 1] = 2 / 5, B[1, 0] = 2 / 4.
  const data::Csr train = csr(2, {{0, 1}, {0, 1}, {0}});
  for (const bool in_double : {false, true}) {
    const auto ease = make_baseline("ease", train, {.lambda = 2, .double_precision = in_double});
    CHECK(scores_of(*ease, csr(2, {{0}}), 0) == std::vector<float>{0.0f, 0.4f});
    CHECK(scores_of(*ease, csr(2, {{1}}), 0)[0] == doctest::Approx(0.5));
    CHECK(scores_of(*ease, csr(2, {{}}), 0) == std::vector<float>{0.0f, 0.0f});
  }
}

TEST_CASE("ease: each item's weights solve its ridge regression on the others, with no weight on itself") {
  const std::int32_t items = 40;
  const data::Csr train = random_rows(70, items);
  const double lambda = 3;
  const auto ease = make_baseline("ease", train, {.lambda = lambda, .double_precision = true});
  std::vector<std::vector<std::int32_t>> units;
  for (std::int32_t i = 0; i < items; ++i) units.push_back({i});
  std::vector<std::vector<float>> b;
  for (std::int32_t i = 0; i < items; ++i) b.push_back(scores_of(*ease, csr(items, units), i));
  // The gradient of ||X b_j - x_j||^2 / 2 + lambda ||b_j||^2 / 2 is 0 but where i = j.
  for (std::size_t j = 0; j < b.size(); ++j) {
    CHECK(b[j][j] == 0);
    std::vector<double> gradient(b.size());
    for (std::int64_t u = 0; u < train.rows(); ++u) {
      double residual = 0;
      for (const std::int32_t i : train.row(u)) {
        residual += static_cast<double>(b[static_cast<std::size_t>(i)][j]) - (static_cast<std::size_t>(i) == j);
      }
      for (const std::int32_t i : train.row(u)) gradient[static_cast<std::size_t>(i)] += residual;
    }
    for (std::size_t i = 0; i < b.size(); ++i) {
      if (i != j) CHECK(std::abs(gradient[i] + lambda * static_cast<double>(b[i][j])) < 1e-4);
    }
  }
}

TEST_CASE("itemknn: cosine similarity, the nearest neighbours of each item, ties to the lower one") {
  // Users of the items: 0: a b c; 1: a b; 2: c; 3: a; 4: nobody.
  const data::Csr train = csr(5, {{0, 1, 3}, {0, 1}, {0, 2}});
  const auto s = [](double both, double i, double j) { return doctest::Approx(both / std::sqrt(i * j)).epsilon(1e-6); };
  const data::Csr units = csr(5, {{0}, {1}, {2}, {3}, {4}, {0, 1, 3}});
  const auto all = make_baseline("itemknn", train);
  auto row = scores_of(*all, units, 0);
  CHECK(row[0] == 0);
  CHECK(row[1] == s(2, 3, 2));
  CHECK(row[2] == s(1, 3, 1));
  CHECK(row[3] == s(1, 3, 1));
  CHECK(row[4] == 0);
  row = scores_of(*all, units, 5);
  CHECK(row[3] == doctest::Approx(1 / std::sqrt(3.0) + 1 / std::sqrt(2.0)).epsilon(1e-6));
  CHECK(scores_of(*all, units, 4) == std::vector<float>(5, 0.0f));

  // With one neighbour each: of 0 it is 1, of 1 it is 0, of 2 it is 0, of 3 it is 1.
  const auto one = make_baseline("itemknn", train, {.neighbors = 1});
  row = scores_of(*one, units, 0);
  CHECK(row[1] == s(2, 3, 2));
  CHECK(row[2] == s(1, 3, 1));
  CHECK(row[3] == 0);
  row = scores_of(*one, units, 1);
  CHECK(row[0] == s(2, 3, 2));
  CHECK(row[3] == s(1, 2, 1));
}

TEST_CASE("baselines: the same bits for any number of threads") {
  const data::Csr train = random_rows(300, 700);
  for (const char* name : {"popularity", "ease", "edlae", "itemknn"}) {
    INFO(name);
    std::vector<std::vector<float>> scores;
    for (const int threads : {1, 4}) {
      ad::set_threads(threads);
      const auto baseline = make_baseline(name, train, {.lambda = 10, .double_precision = false});
      scores.push_back(scores_of(*baseline, train, 290));
    }
    CHECK(scores[0] == scores[1]);
  }
  ad::set_threads(0);
}

TEST_CASE("baselines: the options that mean something to one, and no others, change its scores") {
  const data::Csr train = random_rows(60, 40);
  const BaselineOptions usual{.lambda = 10, .neighbors = 20};
  BaselineOptions lambda = usual, dropout = usual, neighbors = usual;
  lambda.lambda = 300;
  dropout.dropout = 0.9;
  neighbors.neighbors = 1;
  for (const char* name : {"popularity", "ease", "edlae", "itemknn"}) {
    INFO(name);
    const auto changes = [&](const BaselineOptions& options) {
      return scores_of(*make_baseline(name, train, options), train, 7) !=
             scores_of(*make_baseline(name, train, usual), train, 7);
    };
    const BaselineUses uses = baseline_uses(name);
    CHECK(changes(lambda) == uses.lambda);
    CHECK(changes(dropout) == uses.dropout);
    CHECK(changes(neighbors) == uses.neighbors);
  }
}

TEST_CASE("baselines: wrong names and options are refused") {
  CHECK_THROWS_AS(check_baseline("svd"), std::invalid_argument);
  for (const double lambda : {0.0, -1.0, static_cast<double>(INFINITY), static_cast<double>(NAN)})
    CHECK_THROWS_AS(check_baseline("ease", {.lambda = lambda}), std::invalid_argument);
  CHECK_THROWS_AS(check_baseline("itemknn", {.neighbors = 0}), std::invalid_argument);
  for (const double dropout : {-0.1, 1.0, static_cast<double>(NAN)})
    CHECK_THROWS_AS(check_baseline("edlae", {.dropout = dropout}), std::invalid_argument);
  CHECK_NOTHROW(check_baseline("popularity"));
  CHECK_THROWS_AS(learn_item_weights("popularity", csr(2, {{0}})), std::invalid_argument);
}
