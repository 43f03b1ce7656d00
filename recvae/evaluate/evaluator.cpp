#include "evaluator.h"

#include <algorithm>
#include <map>

#include "../../autodiff/parallel.h"

namespace recvae {
namespace {

/// How many users' lists of k are made together: kScoredTogether, fewer where lists are very long.
std::int64_t block_of_lists(std::int64_t k, std::int64_t items) {
  constexpr std::int64_t kListed = std::int64_t{1} << 22, kLeast = 16;
  return std::clamp(kListed / std::max<std::int64_t>(1, std::min(k, items)), kLeast, kScoredTogether);
}

/// Calls f(first row, rows) for blocks of `histories` that are scored together.
template <class F>
void for_blocks(const data::Csr& histories, std::int64_t block, const F& f) {
  for (std::int64_t first = 0; first < histories.rows(); first += block)
    f(first, data::as_size(std::min(block, histories.rows() - first)));
}

}  // namespace

void recommend(Scorer& scorer, const data::Csr& histories, std::int64_t k, const Excluded& excluded,
               const std::function<void(std::int64_t, std::span<const Scored>)>& found) {
  recommend_in_blocks(scorer, histories, k, excluded,
                      [&](std::int64_t first, std::span<const std::vector<Scored>> lists) {
                        for (const std::vector<Scored>& best : lists) found(first++, best);
                      });
}

void recommend_in_blocks(Scorer& scorer, const data::Csr& histories, std::int64_t k, const Excluded& excluded,
                         const std::function<void(std::int64_t, std::span<const std::vector<Scored>>)>& found) {
  const std::int64_t block = block_of_lists(k, histories.cols);
  std::vector<std::vector<Scored>> best(data::as_size(std::min(block, histories.rows())));
  for_blocks(histories, block, [&](std::int64_t first, std::size_t users) {
    const std::span lists = std::span(best).first(users);
    scorer.rank(histories, first, k, excluded, lists);
    found(first, lists);
  });
}

MetricContext metric_context(const data::Dataset& data, const Settings& settings) {
  const bool min = settings.recall_denominator ? *settings.recall_denominator == "min" : data.strong;
  return metric_context(data.train, min ? RecallDenominator::min : RecallDenominator::all, settings.tail_ratio);
}

Metric valid_metric(const Settings& settings) { return parse_metrics({settings.valid_metric}, {})[0]; }

Evaluation evaluate(Scorer& scorer, const data::HeldOut& held_out, const std::vector<Metric>& metrics,
                    const MetricContext& context) {
  std::int64_t largest = 0;
  std::map<std::int64_t, std::vector<std::int64_t>> counts;  // by cutoff: how often each item is listed
  for (const Metric& m : metrics) {
    largest = std::max(largest, m.k);
    if (is_of_all_lists(m)) counts[m.k].assign(data::as_size(held_out.history.cols), 0);
  }
  Evaluation result;
  std::vector<std::int64_t> place(data::as_size(held_out.targets.rows()), -1);  // of a row in the result
  for (std::int64_t row = 0; row < held_out.targets.rows(); ++row) {
    if (held_out.targets.row(row).empty()) continue;
    place[data::as_size(row)] = result.users();
    result.rows.push_back(row);
  }
  result.means.assign(metrics.size(), std::numeric_limits<double>::quiet_NaN());
  result.values.resize(result.rows.size() * metrics.size());

  // Whole rows of scores are made only for metrics that look at them, and then for fewer users at a time.
  const bool whole_rows = std::any_of(metrics.begin(), metrics.end(), needs_scores);
  const std::int64_t block = whole_rows ? 64 : block_of_lists(largest, held_out.history.cols);
  const Excluded excluded{.history = true, .masked = &held_out.masked};
  ad::Tensor<float> memory(whole_rows ? block : 0, held_out.history.cols);
  std::vector<std::vector<Scored>> best(data::as_size(std::min(block, held_out.history.rows())));
  for_blocks(held_out.history, block, [&](std::int64_t first, std::size_t users) {
    const ad::Matrix<float> scores{memory.data(), whole_rows ? static_cast<ad::Index>(users) : 0, memory.cols()};
    if (whole_rows) {
      scorer.score_candidates(held_out.history, first, excluded, scores);
    } else {
      scorer.rank(held_out.history, first, largest, excluded, std::span(best).first(users));
    }
    ad::parallel_for(static_cast<ad::Index>(users), [&](ad::Index u) {
      const std::int64_t row = first + u;
      std::vector<Scored>& list = best[data::as_size(u)];
      if (place[data::as_size(row)] < 0) return list.clear();
      std::span<float> of_user;
      if (whole_rows) {
        of_user = std::span(scores.row(u), data::as_size(scores.cols));
        top_k(of_user, largest, list);
      }
      evaluate_user(
          metrics, context, {list, held_out.targets.row(row), of_user},
          std::span(result.values).subspan(data::as_size(place[data::as_size(row)]) * metrics.size(), metrics.size()));
    });
    for (auto& [k, of_item] : counts) {
      for (std::size_t u = 0; u < users; ++u) {
        const std::size_t length = std::min(best[u].size(), data::as_size(k));
        for (const Scored& s : std::span(best[u]).first(length)) ++of_item[data::as_size(s.item)];
      }
    }
  });

  for (std::size_t m = 0; m < metrics.size(); ++m) {
    if (is_of_all_lists(metrics[m])) {
      result.means[m] = value_of_counts(metrics[m], counts[metrics[m].k]);
      continue;
    }
    result.means[m] = mean_of(result.values, m, metrics.size());
  }
  return result;
}

}  // namespace recvae
