#include "scorer.h"

#include <algorithm>

#include "../../autodiff/parallel.h"
#include "user_code.h"
#include "factor_scorer.h"

namespace recvae {
namespace {

using ad::Index;
using data::as_size;

constexpr float kMasked = -std::numeric_limits<float>::infinity();

/// Sets the scores of those of the ascending `items` that are among the scored ones.
void mask_items(std::span<const std::int32_t> items, std::int32_t first, std::span<float> scores) {
  const auto end = first + static_cast<std::int64_t>(scores.size());
  for (auto at = std::lower_bound(items.begin(), items.end(), first); at != items.end() && *at < end; ++at)
    scores[as_size(*at - first)] = kMasked;
}

}  // namespace

void Excluded::mask(const data::Csr& histories, std::int64_t row, std::int32_t first, std::span<float> scores) const {
  if (history) mask_items(histories.row(row), first, scores);
  if (masked && row < masked->rows()) mask_items(masked->row(row), first, scores);
}

void Excluded::bar(std::int32_t first, std::span<float> scores) const {
  if (barred.empty()) return;
  for (std::size_t j = 0; j < scores.size(); ++j) {
    if (barred[as_size(first) + j]) scores[j] = kMasked;
  }
}

void Scorer::score_candidates(const data::Csr& histories, std::int64_t first, const Excluded& excluded,
                              ad::Matrix<float> scores) {
  score(histories, first, scores);
  ad::parallel_for(scores.rows, [&](Index u) {
    const std::span of_user(scores.row(u), as_size(scores.cols));
    excluded.mask(histories, first + u, 0, of_user);
    excluded.bar(0, of_user);
  });
}

void Scorer::rank(const data::Csr& histories, std::int64_t first, std::int64_t k, const Excluded& excluded,
                  std::span<std::vector<Scored>> best) {
  constexpr std::size_t kTogether = 64;
  ad::Tensor<float> memory(static_cast<Index>(std::min(kTogether, best.size())), histories.cols);
  for (std::size_t begin = 0; begin < best.size(); begin += kTogether) {
    const std::int64_t row = first + static_cast<std::int64_t>(begin);
    const ad::Matrix<float> scores{memory.data(), static_cast<Index>(std::min(kTogether, best.size() - begin)),
                                   memory.cols()};
    score_candidates(histories, row, excluded, scores);
    ad::parallel_for(scores.rows, [&](Index u) {
      top_k(std::span(scores.row(u), as_size(scores.cols)), k, best[begin + as_size(u)]);
    });
  }
}

std::unique_ptr<Scorer> model_scorer(const RecVae<float>& model, DecoderCopy copy) {
  return factor_scorer(model.decoder.weight.value, model.decoder.bias.value.data(), copy,
                       [code = UserCode(model)](const data::Csr& histories, std::int64_t first, Index users) {
                         return code.of_rows(histories, first, users);
                       });
}

}  // namespace recvae
