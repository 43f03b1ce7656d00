#include "evaluator.h"

#include <algorithm>

#include "../../autodiff/parallel.h"

namespace recvae {
namespace {

/// How many users' lists of k are made together: kScoredTogether, fewer where lists are very long.
std::int64_t block_of_lists(std::int64_t k, std::int64_t items) {
  constexpr std::int64_t kListed = std::int64_t{1} << 22, kLeast = 16;
  return std::clamp(kListed / std::max<std::int64_t>(1, std::min(k, items)), kLeast, kScoredTogether);
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
  for (std::int64_t first = 0; first < histories.rows(); first += block) {
    const std::span lists = std::span(best).first(data::as_size(std::min(block, histories.rows() - first)));
    scorer.rank(histories, first, k, excluded, lists);
    found(first, lists);
  }
}

MetricContext metric_context(const data::Dataset& data, const Settings& settings) {
  const bool min = settings.recall_denominator ? *settings.recall_denominator == "min" : data.strong;
  return metric_context(data.train, min ? RecallDenominator::min : RecallDenominator::all, settings.tail_ratio);
}

Metric valid_metric(const Settings& settings) { return parse_metrics({settings.valid_metric}, {})[0]; }

EvaluationInSteps::EvaluationInSteps(Scorer& scorer, const data::HeldOut& held_out, const std::vector<Metric>& metrics,
                                     const MetricContext& context)
    : scorer_(scorer),
      held_out_(held_out),
      metrics_(metrics),
      context_(context),
      place_(data::as_size(held_out.targets.rows()), -1),
      whole_rows_(std::any_of(metrics.begin(), metrics.end(), needs_scores)) {
  for (const Metric& m : metrics) {
    largest_ = std::max(largest_, m.k);
    if (is_of_all_lists(m)) counts_[m.k].assign(data::as_size(held_out.history.cols), 0);
  }
  for (std::int64_t row = 0; row < held_out.targets.rows(); ++row) {
    if (held_out.targets.row(row).empty()) continue;
    place_[data::as_size(row)] = result_.users();
    result_.rows.push_back(row);
  }
  result_.means.assign(metrics.size(), std::numeric_limits<double>::quiet_NaN());
  result_.values.resize(result_.rows.size() * metrics.size());
  block_ = whole_rows_ ? 64 : block_of_lists(largest_, held_out.history.cols);
  memory_ = ad::Tensor<float>(whole_rows_ ? block_ : 0, held_out.history.cols);
  best_.resize(data::as_size(std::min(block_, held_out.history.rows())));
}

void EvaluationInSteps::step() {
  const std::int64_t first = first_;
  const auto users = data::as_size(std::min(block_, held_out_.history.rows() - first));
  first_ += static_cast<std::int64_t>(users);
  const Excluded excluded{.history = true, .masked = &held_out_.masked};
  const ad::Matrix<float> scores{memory_.data(), whole_rows_ ? static_cast<ad::Index>(users) : 0, memory_.cols()};
  if (whole_rows_) {
    scorer_.score_candidates(held_out_.history, first, excluded, scores);
  } else {
    scorer_.rank(held_out_.history, first, largest_, excluded, std::span(best_).first(users));
  }
  ad::parallel_for(static_cast<ad::Index>(users), [&](ad::Index u) {
    const std::int64_t row = first + u, place = place_[data::as_size(row)];
    std::vector<Scored>& list = best_[data::as_size(u)];
    if (place < 0) return list.clear();
    std::span<float> of_user;
    if (whole_rows_) {
      of_user = std::span(scores.row(u), data::as_size(scores.cols));
      top_k(of_user, largest_, list);
    }
    evaluate_user(metrics_, context_, {list, held_out_.targets.row(row), of_user},
                  std::span(result_.values).subspan(data::as_size(place) * metrics_.size(), metrics_.size()));
  });
  for (auto& [k, of_item] : counts_) {
    for (std::size_t u = 0; u < users; ++u) {
      const std::size_t length = std::min(best_[u].size(), data::as_size(k));
      for (const Scored& s : std::span(best_[u]).first(length)) ++of_item[data::as_size(s.item)];
    }
  }
}

Evaluation EvaluationInSteps::take() {
  for (std::size_t m = 0; m < metrics_.size(); ++m) {
    result_.means[m] = is_of_all_lists(metrics_[m]) ? value_of_counts(metrics_[m], counts_[metrics_[m].k])
                                                    : mean_of(result_.values, m, metrics_.size());
  }
  return std::move(result_);
}

Evaluation evaluate(Scorer& scorer, const data::HeldOut& held_out, const std::vector<Metric>& metrics,
                    const MetricContext& context) {
  EvaluationInSteps evaluation(scorer, held_out, metrics, context);
  while (!evaluation.finished()) evaluation.step();
  return evaluation.take();
}

}  // namespace recvae
