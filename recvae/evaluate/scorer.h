// What ranks items for users: a model, or a baseline (baselines.h).
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../../data/csr.h"
#include "../model.h"
#include "top_k.h"

namespace recvae {

/// Users that are worth scoring together. A user's scores and list do not depend on it.
inline constexpr std::int64_t kScoredTogether = 1024;

/// What may not stand in a list. All of it is optional; what it points to outlives it.
struct RECVAE_API Excluded {
  bool history = false;                    ///< the items of the user's history
  const data::Csr* masked = nullptr;       ///< the items of the user's row here; later rows than it has: none
  std::span<const std::uint8_t> barred{};  ///< for everybody the items with barred[item] != 0; empty: none

  /// scores[item - first] <- -inf for the items of that row's history and mask.
  void mask(const data::Csr& histories, std::int64_t row, std::int32_t first, std::span<float> scores) const;
  /// The same for those barred for everybody.
  void bar(std::int32_t first, std::span<float> scores) const;
};

/// Scores items for users. Uses all threads inside. A user's scores are the same bits alone and in any company.
class RECVAE_API Scorer {
 public:
  virtual ~Scorer() = default;
  /// scores [n, items] <- for rows first .. first + n - 1 of `histories`. Higher is better.
  virtual void score(const data::Csr& histories, std::int64_t first, ad::Matrix<float> scores) = 0;
  /// The same with -inf for the excluded items.
  virtual void score_candidates(const data::Csr& histories, std::int64_t first, const Excluded& excluded,
                                ad::Matrix<float> scores);
  /// best[u] <- the k best items of row first + u (see top_k), but for the excluded ones, for every u. This one scores
  /// whole rows, a few at a time.
  virtual void rank(const data::Csr& histories, std::int64_t first, std::int64_t k, const Excluded& excluded,
                    std::span<std::vector<Scored>> best);
};

/// What a model's scorer copies of the decoder: a few items at a time while it scores, or all of them once, which is
/// faster where scores are asked for often and doubles the memory of the decoder.
enum class DecoderCopy { by_tiles, whole };

/// decoder(mu(history)): the posterior's mean, no noise, no dropout. The model outlives it and does not change. Throws
/// ad::Error where scores may not be finite numbers.
RECVAE_API std::unique_ptr<Scorer> model_scorer(const RecVae<float>& model, DecoderCopy copy = DecoderCopy::by_tiles);

}  // namespace recvae
