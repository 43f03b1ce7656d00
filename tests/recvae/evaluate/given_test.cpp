#include "recvae/evaluate/given.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "autodiff/random.h"
#include "recvae/evaluate/evaluator.h"

using namespace recvae;

namespace {

data::HeldOut held_out() {
  data::HeldOut h{{"a", "b", "c"}, {4}, {4}};
  for (const std::vector<std::int32_t>& row : {std::vector{0}, std::vector{1, 2}, std::vector<int>{}})
    h.history.append(row);
  for (const std::vector<std::int32_t>& row : {std::vector{1, 3}, std::vector{0}, std::vector{2}})
    h.targets.append(row);
  return h;
}

const std::vector<Metric> kMetrics = parse_metrics({"ndcg@2", "recall@1", "mrr@3"}, {});

}  // namespace

TEST_CASE("given_scores and given_lists of the same ranking have the same metrics") {
  const data::HeldOut h = held_out();
  ad::Tensor<float> scores(3, 4);
  ad::fill_normal(scores.view(), 1, {.seed = 3});
  const ad::Matrix<const float> view = scores.view();
  const auto of_scores = given_scores(view);
  std::vector<std::int32_t> lists(3 * 4, -1);
  recommend(*of_scores, h.history, 4, {.history = true}, [&](std::int64_t row, std::span<const Scored> best) {
    for (std::size_t k = 0; k < best.size(); ++k) lists[data::as_size(row) * 4 + k] = best[k].item;
  });
  const MetricContext context = metric_context(h.history, RecallDenominator::min);
  const Evaluation a = evaluate(*of_scores, h, kMetrics, context),
                   b = evaluate(*given_lists(lists, 4), h, kMetrics, context);
  CHECK(a.users() == 3);
  CHECK(a.means == b.means);
}

TEST_CASE("given_lists leaves out what is excluded or twice, and ends at a negative number") {
  data::HeldOut h = held_out();
  h.masked = {4};
  h.masked.append(std::vector{2});
  const std::vector<std::int32_t> lists{0, 2, 3, 3, 1, -1, 0, 3, 2, 2, 1, 0};
  std::vector<std::vector<std::int32_t>> found;
  const auto scorer = given_lists(lists, 4);
  recommend(*scorer, h.history, 3, {.history = true, .masked = &h.masked}, [&](auto, std::span<const Scored> best) {
    found.emplace_back();
    for (const Scored& s : best) found.back().push_back(s.item);
  });
  CHECK(found == std::vector<std::vector<std::int32_t>>{{3}, {}, {2, 1, 0}});
  ad::Tensor<float> scores(3, 4);
  CHECK_THROWS_AS(scorer->score(h.history, 0, scores), std::invalid_argument);
  const std::vector<std::int32_t> beyond{4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  CHECK_THROWS_AS(evaluate(*given_lists(beyond, 4), h, kMetrics, {}), std::invalid_argument);
}
