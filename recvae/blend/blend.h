// A scorer of scorers.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../evaluate/evaluator.h"

namespace recvae {

/// One of several that score together.
struct BlendPart {
  std::string name;                ///< for errors
  std::shared_ptr<Scorer> scorer;  ///< what scores
};

/// Is it 0 or from 1e-6 to 1e6? What is far smaller or larger would be lost in floats, and lists with it.
inline bool is_blend_weight(double weight) { return weight == 0 || (weight >= 1e-6 && weight <= 1e6); }

/// score = sum_p weights[p] (s_p - mean_p) / deviation_p, where the mean and the standard deviation are of part p's
/// scores of the user's candidates: the items that are not excluded. score() excludes the items of the history. A part
/// whose scores of a user's candidates are all equal says nothing of this user; one of weight 0 is not asked. With
/// equal weights and models of several seeds it is an ensemble. A user's list is the same alone and in any company, and
/// for any number of threads. Throws ad::Error, which names the part, where scores are not finite numbers, and for
/// weights that are not one for each part, or all 0, or where one is_blend_weight() not.
RECVAE_API std::unique_ptr<Scorer> blend_scorer(std::vector<BlendPart> parts, const std::vector<double>& weights);

/// Weights chosen on validation, and what else was tried.
struct BlendChoice {
  std::vector<double> weights;                  ///< one for each part
  std::map<std::vector<double>, double> tried;  ///< the metric on validation
};

/// The weights, 1 of part `fixed`, that are best on `validation`, of equal ones the first tried. Each other part in
/// turn takes the powers of two from 1/4 to 4, on while the edge wins (within 2^-10 .. 2^10), then steps of sqrt(2)
/// beside the best, and 0; all begin with 1, and it goes round until nothing changes, three times at most. Without
/// targets, or with a single part, weights of 1 and nothing tried.
RECVAE_API BlendChoice choose_weights(const std::vector<BlendPart>& parts, std::size_t fixed,
                                      const data::HeldOut& validation, const Metric& metric,
                                      const MetricContext& context);

}  // namespace recvae
