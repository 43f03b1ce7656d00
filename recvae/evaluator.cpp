#include "evaluator.h"

#include <algorithm>
#include <limits>

#include "../autodiff/parallel.h"

namespace recvae {

void recommend(Scorer& scorer, const data::Csr& histories, std::int64_t k, bool mask_history,
               std::span<const std::uint8_t> barred,
               const std::function<void(std::int64_t, std::span<const Scored>)>& found) {
  ad::Tensor<float> scores(kScoredTogether, histories.cols);
  const ad::Matrix<float> block = scores;
  std::vector<std::vector<Scored>> best(static_cast<std::size_t>(kScoredTogether));
  for (std::int64_t first = 0; first < histories.rows(); first += kScoredTogether) {
    const std::int64_t users = std::min(kScoredTogether, histories.rows() - first);
    scorer.score(histories, first, block);
    ad::parallel_for(users, [&](ad::Index u) {
      constexpr float kMasked = -std::numeric_limits<float>::infinity();
      if (mask_history) {
        for (std::int32_t item : histories.row(first + u)) block(u, item) = kMasked;
      }
      for (std::size_t item = 0; item < barred.size(); ++item) {
        if (barred[item]) block(u, static_cast<ad::Index>(item)) = kMasked;
      }
      top_k({block.row(u), static_cast<std::size_t>(block.cols)}, k, best[static_cast<std::size_t>(u)]);
    });
    for (ad::Index u = 0; u < users; ++u) found(first + u, best[static_cast<std::size_t>(u)]);
  }
}

Evaluation evaluate(Scorer& scorer, const data::HeldOut& held_out, const std::vector<Metric>& metrics,
                    RecallDenominator denominator) {
  std::int64_t largest = 0;
  for (const Metric& m : metrics) largest = std::max(largest, m.k);
  Evaluation result{std::vector<double>(metrics.size(), 0.0), 0};
  std::vector<std::uint8_t> hits;
  recommend(scorer, held_out.history, largest, true, {}, [&](std::int64_t user, std::span<const Scored> best) {
    const std::span<const std::int32_t> targets = held_out.targets.row(user);
    if (targets.empty()) return;
    hits.clear();
    for (const Scored& s : best) hits.push_back(std::binary_search(targets.begin(), targets.end(), s.item) ? 1 : 0);
    const Ranking ranking{hits, static_cast<std::int64_t>(targets.size())};
    for (std::size_t m = 0; m < metrics.size(); ++m) result.means[m] += evaluate(metrics[m], ranking, denominator);
    ++result.users;
  });
  for (double& mean : result.means) mean /= static_cast<double>(result.users);
  return result;
}

}  // namespace recvae
