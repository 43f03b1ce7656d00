#include "recvae/evaluate/breakdown.h"

#include <doctest/doctest.h>

#include <cmath>

#include "../support.h"
#include "autodiff/parallel.h"
#include "recvae/evaluate/evaluator.h"

using namespace recvae;
using recvae::test::csr;
using recvae::test::TableScorer;

namespace {

/// Everybody's scores fall from item to item.
TableScorer in_order(ad::Index users, ad::Index items) {
  ad::Tensor<float> table(users, items);
  for (ad::Index i = 0; i < table.size(); ++i) table.data()[i] = -static_cast<float>(i % items);
  return TableScorer(std::move(table));
}

}  // namespace

TEST_CASE("equal_shares: nearly equal counts, equal numbers together") {
  CHECK(equal_shares({{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1}}, 3) ==
        std::vector<Range>{{1, 2, 2}, {3, 4, 2}, {5, 6, 2}});
  CHECK(equal_shares({{1, 100}, {2, 1}, {7, 1}, {9, 98}}, 2) == std::vector<Range>{{1, 1, 100}, {2, 9, 100}});
  CHECK(equal_shares({{0, 2}, {4, 9}, {5, 1}}, 3) == std::vector<Range>{{0, 0, 2}, {4, 4, 9}, {5, 5, 1}});
  CHECK(equal_shares({{0, 2}, {4, 9}, {5, 1}}, 1) == std::vector<Range>{{0, 5, 12}});
  CHECK(equal_shares({{3, 12}}, 5) == std::vector<Range>{{3, 3, 12}});
  CHECK(equal_shares({}, 5).empty());
}

TEST_CASE("breakdown: a case worked out by hand") {
  const data::HeldOut held_out{{"a", "b", "c", "none", "d"},
                               csr(6, {{0}, {0}, {0, 1, 2}, {4, 5}, {1, 2}}),
                               csr(6, {{1, 3}, {2}, {3}, {}, {0, 4}})};
  const MetricContext context{.popularity = {9, 7, 7, 2, 1, 0}, .is_tail = {}};
  TableScorer scorer = in_order(5, 6);
  // Lists of two: a 1 2, b 1 2, c 3 4, d 0 3. First places are targets of a, c and d.
  const Breakdown b = breakdown(scorer, held_out, {"recall", 1}, 2, context, 2);
  REQUIRE(b.by_activity.size() == 2);
  CHECK(b.by_activity[0].range == Range{1, 1, 2});
  CHECK(b.by_activity[0].mean == 0.5);
  CHECK(b.by_activity[1].range == Range{2, 3, 2});
  CHECK(b.by_activity[1].mean == 1);

  // Of item 3, wanted twice, one is found, 4 is not; 1, 2 and 0 are.
  const Breakdown three = breakdown(scorer, held_out, {"recall", 1}, 2, context, 3);
  REQUIRE(three.by_popularity.size() == 3);
  CHECK(three.by_popularity[0].range == Range{1, 2, 3});
  CHECK(three.by_popularity[0].mean == 1.0 / 3);
  CHECK(three.by_popularity[1].range == Range{7, 7, 2});
  CHECK(three.by_popularity[1].mean == 1);
  CHECK(three.by_popularity[2].range == Range{9, 9, 1});
  CHECK(three.by_popularity[2].mean == 1);
}

TEST_CASE("breakdown: what is masked is not found, and nobody is nothing") {
  data::HeldOut held_out{{"a"}, csr(3, {{}}), csr(3, {{0, 1}}), csr(3, {{0}})};
  const MetricContext context{.popularity = {4, 4, 0}, .is_tail = {}};
  TableScorer scorer = in_order(1, 3);
  const Breakdown b = breakdown(scorer, held_out, {"recall", 2}, 1, context);
  REQUIRE(b.by_activity.size() == 1);
  CHECK(b.by_activity[0].range == Range{0, 0, 1});
  CHECK(b.by_activity[0].mean == 0.5);
  REQUIRE(b.by_popularity.size() == 1);
  CHECK(b.by_popularity[0].mean == 0.5);
  held_out.targets = csr(3, {{}});
  const Breakdown none = breakdown(scorer, held_out, {"recall", 2}, 1, context);
  CHECK(none.by_activity.empty());
  CHECK(none.by_popularity.empty());
}

TEST_CASE("breakdown: groups add up to the evaluation, for any number of threads") {
  constexpr std::int32_t kItems = 60, kUsers = 3000;
  data::HeldOut held_out{{}, {kItems}, {kItems}};
  MetricContext context;
  for (std::int32_t item = 0; item < kItems; ++item) context.popularity.push_back(item * item);
  for (std::int32_t u = 0; u < kUsers; ++u) {
    std::vector<std::int32_t> history, targets;
    for (std::int32_t item = 0; item < kItems; ++item) {
      const std::int32_t draw = (u * 31 + item * 17 + u * item) % 23;
      if (draw < u % 5) history.push_back(item);
      if (draw == 11) targets.push_back(item);
    }
    held_out.history.append(history);
    held_out.targets.append(targets);
  }
  TableScorer scorer = in_order(kUsers, kItems);
  const Metric metric{"ndcg", 10};
  const Evaluation all = evaluate(scorer, held_out, {metric}, context);
  const auto broken_down = [&](int threads) {
    ad::set_threads(threads);
    Breakdown b = breakdown(scorer, held_out, metric, 7, context);
    ad::set_threads(0);
    return b;
  };
  const Breakdown one = broken_down(1), three = broken_down(3);
  double sum = 0;
  std::int64_t users = 0, targets = 0;
  REQUIRE(one.by_activity.size() == 5);
  for (std::size_t g = 0; g < one.by_activity.size(); ++g) {
    sum += one.by_activity[g].mean * static_cast<double>(one.by_activity[g].range.count);
    users += one.by_activity[g].range.count;
    CHECK(one.by_activity[g].mean == three.by_activity[g].mean);
  }
  for (const GroupMean& g : one.by_popularity) targets += g.range.count;
  CHECK(users == all.users());
  CHECK(targets == held_out.targets.nnz());
  CHECK(std::abs(sum / static_cast<double>(users) - all.means[0]) < 1e-12);
}
