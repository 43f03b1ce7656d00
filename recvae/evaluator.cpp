#include "evaluator.h"

#include <algorithm>
#include <map>

#include "../autodiff/parallel.h"

namespace recvae {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

/// Scores all `histories`, kScoredTogether at a time: calls use(row, place in the block, scores) in parallel, then
/// done(first, users) from the calling thread.
template <class Use, class Done>
void score_all(Scorer& scorer, const data::Csr& histories, const Use& use, const Done& done) {
  ad::Tensor<float> scores(kScoredTogether, histories.cols);
  const ad::Matrix<float> block = scores;
  for (std::int64_t first = 0; first < histories.rows(); first += kScoredTogether) {
    const std::int64_t users = std::min(kScoredTogether, histories.rows() - first);
    scorer.score(histories, first, block);
    ad::parallel_for(users, [&](ad::Index u) {
      use(first + u, data::as_size(u), std::span(block.row(u), data::as_size(block.cols)));
    });
    done(first, data::as_size(users));
  }
}

void mask(std::span<const std::int32_t> items, std::span<float> scores) {
  for (const std::int32_t item : items) scores[data::as_size(item)] = kMasked;
}

}  // namespace

void recommend(Scorer& scorer, const data::Csr& histories, std::int64_t k, bool mask_history,
               std::span<const std::uint8_t> barred,
               const std::function<void(std::int64_t, std::span<const Scored>)>& found) {
  std::vector<std::vector<Scored>> best(data::as_size(kScoredTogether));
  score_all(
      scorer, histories,
      [&](std::int64_t row, std::size_t place, std::span<float> scores) {
        if (mask_history) mask(histories.row(row), scores);
        for (std::size_t item = 0; item < barred.size(); ++item) {
          if (barred[item]) scores[item] = kMasked;
        }
        top_k(scores, k, best[place]);
      },
      [&](std::int64_t first, std::size_t users) {
        for (std::size_t u = 0; u < users; ++u) found(first + static_cast<std::int64_t>(u), best[u]);
      });
}

MetricContext metric_context(const data::Dataset& data, const Settings& settings) {
  const bool min = settings.recall_denominator ? *settings.recall_denominator == "min" : data.strong;
  return metric_context(data.train, min ? RecallDenominator::min : RecallDenominator::all, settings.tail_ratio);
}

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

  std::vector<std::vector<Scored>> best(data::as_size(kScoredTogether));
  score_all(
      scorer, held_out.history,
      [&](std::int64_t row, std::size_t in_block, std::span<float> scores) {
        best[in_block].clear();
        if (place[data::as_size(row)] < 0) return;
        mask(held_out.history.row(row), scores);
        if (row < held_out.masked.rows()) mask(held_out.masked.row(row), scores);
        top_k(scores, largest, best[in_block]);
        evaluate_user(metrics, context, {best[in_block], held_out.targets.row(row), scores},
                      std::span(result.values)
                          .subspan(data::as_size(place[data::as_size(row)]) * metrics.size(), metrics.size()));
      },
      [&](std::int64_t, std::size_t users) {
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
    double sum = 0, weight = 0;
    for (std::size_t u = 0; u < result.rows.size(); ++u) {
      const UserValue& v = result.value(u, m);
      if (v.weight > 0) sum += v.weight * v.value;
      weight += v.weight;
    }
    if (weight > 0) result.means[m] = sum / weight;
  }
  return result;
}

}  // namespace recvae
