#include "blend.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "../../autodiff/kernels/loops.h"
#include "../../autodiff/parallel.h"

namespace recvae {
namespace {

using ad::Index;
using data::as_size;

// Users whose rows of scores are in memory together, of every part.
constexpr std::size_t kTogether = 64;

/// Whole rows of each part's scores for some users.
class Rows {
 public:
  Rows(const std::vector<BlendPart>& parts, Index users, Index items)
      : parts_(parts), rows_(parts.size(), ad::Tensor<float>(users, items)) {}

  /// Asks the parts, but for those that are not `wanted`.
  void score(const data::Csr& histories, std::int64_t first, Index users, const Excluded& excluded,
             const std::vector<bool>& wanted) {
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (wanted[p]) parts_[p].scorer->score_candidates(histories, first, excluded, first_rows(p, users));
    }
    scales_.assign(as_size(users) * parts_.size(), {});
    ad::parallel_for(users, [&](Index u) {
      for (std::size_t p = 0; p < parts_.size(); ++p) {
        if (wanted[p]) scale(u, p) = measure(p, rows_[p].view().row(u));
      }
    });
  }

  /// The user's blended scores but for a constant, which is added to `constant`; excluded items stay -inf. In `out`,
  /// or, where that is null, in place of a part's.
  float* combine(Index user, const std::vector<double>& weights, float* out, double& constant) {
    const auto& loops = ad::kernels::loops<float>();
    const Index items = rows_[0].cols();
    float before = 0;  // the factor of what `out` has, still to be applied; 0: it has nothing
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      const auto factor = static_cast<float>(weights[p] * scale(user, p).inverse_deviation);
      if (!(factor > 0)) continue;
      constant -= double{factor} * scale(user, p).mean;
      float* const row = rows_[p].view().row(user);
      if (before == 0) {
        out = out ? std::copy_n(row, items, out) - items : row;
        before = factor;
      } else {
        loops.blend(before, out, factor, row, items);
        before = 1;
      }
    }
    if (before == 0) {  // nobody has anything to say: all candidates are alike
      const auto asked = std::ranges::find_if(weights, [](double w) { return w > 0; });
      float* const row = rows_[as_size(asked - weights.begin())].view().row(user);
      if (!out) out = row;
      std::transform(row, row + items, out, [](float v) { return v > kExcluded ? 0.0f : kExcluded; });
    } else if (before != 1) {
      std::transform(out, out + items, out, [before](float v) { return v * before; });
    }
    return out;
  }

 private:
  static constexpr Index kFew = 256;
  static constexpr float kExcluded = -std::numeric_limits<float>::infinity();

  /// What standardises a part's scores of a user; 0: nothing can.
  struct Scale {
    double mean = 0, inverse_deviation = 0;
  };

  ad::Matrix<float> first_rows(std::size_t part, Index users) {
    return {rows_[part].data(), users, rows_[part].cols()};
  }
  Scale& scale(Index user, std::size_t part) { return scales_[as_size(user) * parts_.size() + part]; }

  Scale measure(std::size_t part, const float* row) const {
    const Index items = rows_[part].cols();
    const auto& loops = ad::kernels::loops<float>();
    // Sums of differences from a score near the mean lose little where the mean is large.
    float few[3] = {}, all[3];
    for (Index first = 0; first < items && few[0] == 0; first += kFew)
      loops.moments_but(row + first, std::min(items - first, kFew), kExcluded, 0, few);
    const float near = few[0] > 0 ? few[1] / few[0] : 0;
    loops.moments_but(row, items, kExcluded, near, all);
    const auto n = double{all[0]};
    if (n == 0) return {};
    if (!std::isfinite(all[2]))
      throw ad::Error("blend: the scores of " + parts_[part].name + " are not finite numbers, or too large");
    const double off = double{all[1]} / n, mean = double{near} + off, variance = double{all[2]} / n - off * off;
    // Differences that are all rounding are none.
    return {mean, variance > 1e-12 * (mean * mean + variance) ? 1 / std::sqrt(variance) : 0};
  }

  const std::vector<BlendPart>& parts_;
  std::vector<ad::Tensor<float>> rows_;  // of each part
  std::vector<Scale> scales_;            // [users, parts]
};

std::vector<bool> wanted_parts(const std::vector<double>& weights) {
  std::vector<bool> wanted;
  for (const double w : weights) wanted.push_back(w > 0);
  return wanted;
}

class Blend : public Scorer {
 public:
  Blend(std::vector<BlendPart> parts, std::vector<double> weights)
      : parts_(std::move(parts)), weights_(std::move(weights)), wanted_(wanted_parts(weights_)) {}

  void score(const data::Csr& histories, std::int64_t first, ad::Matrix<float> scores) override {
    score_candidates(histories, first, {.history = true}, scores);
  }

  void score_candidates(const data::Csr& histories, std::int64_t first, const Excluded& excluded,
                        ad::Matrix<float> scores) override {
    for_rows(histories, first, excluded, as_size(scores.rows), [&](Rows& rows, std::size_t begin, Index u) {
      double constant = 0;
      const std::span out(scores.row(static_cast<Index>(begin) + u), as_size(scores.cols));
      rows.combine(u, weights_, out.data(), constant);
      for (float& v : out) v += static_cast<float>(constant);
    });
  }

  void rank(const data::Csr& histories, std::int64_t first, std::int64_t k, const Excluded& excluded,
            std::span<std::vector<Scored>> best) override {
    for_rows(histories, first, excluded, best.size(), [&](Rows& rows, std::size_t begin, Index u) {
      double constant = 0;
      const float* const blended = rows.combine(u, weights_, nullptr, constant);
      std::vector<Scored>& list = best[begin + as_size(u)];
      top_k(std::span(blended, as_size(histories.cols)), k, list);
      for (Scored& s : list) s.score += static_cast<float>(constant);
    });
  }

 private:
  /// Calls f(rows, first of them among the users, one of them) for each user, from all threads.
  template <class F>
  void for_rows(const data::Csr& histories, std::int64_t first, const Excluded& excluded, std::size_t users,
                const F& f) const {
    Rows rows(parts_, static_cast<Index>(std::min(kTogether, users)), histories.cols);
    for (std::size_t begin = 0; begin < users; begin += kTogether) {
      const auto count = static_cast<Index>(std::min(kTogether, users - begin));
      rows.score(histories, first + static_cast<std::int64_t>(begin), count, excluded, wanted_);
      ad::parallel_for(count, [&](Index u) { f(rows, begin, u); });
    }
  }

  std::vector<BlendPart> parts_;
  std::vector<double> weights_;
  std::vector<bool> wanted_;
};

/// The metric on the held-out users for each of several weights: what is dear, the parts' scores, is computed once.
std::vector<double> values_of(const std::vector<BlendPart>& parts, const std::vector<std::vector<double>>& weights,
                              const data::HeldOut& held_out, const Metric& metric, const MetricContext& context) {
  std::vector<double> values;
  if (is_of_all_lists(metric)) {
    for (const auto& w : weights)
      values.push_back(evaluate(*blend_scorer(parts, w), held_out, {metric}, context).means[0]);
    return values;
  }
  const Index items = held_out.history.cols;
  const Excluded excluded{.history = true, .masked = &held_out.masked};
  Rows rows(parts, static_cast<Index>(kTogether), items);
  std::vector<UserValue> of_users(as_size(held_out.history.rows()) * weights.size());
  for (std::int64_t first = 0; first < held_out.history.rows(); first += static_cast<std::int64_t>(kTogether)) {
    const auto users = std::min<Index>(kTogether, held_out.history.rows() - first);
    rows.score(held_out.history, first, users, excluded, std::vector<bool>(parts.size(), true));
    ad::parallel_for(users, [&](Index u) {
      const auto targets = held_out.targets.row(first + u);
      if (targets.empty()) return;
      std::vector<float> blended(as_size(items));
      std::vector<Scored> list;
      for (std::size_t w = 0; w < weights.size(); ++w) {
        double constant = 0;  // changes no list
        rows.combine(u, weights[w], blended.data(), constant);
        top_k(blended, metric.k, list);
        UserValue& value = of_users[as_size(first + u) * weights.size() + w];
        evaluate_user({metric}, context, {list, targets, blended}, std::span(&value, 1));
      }
    });
  }
  for (std::size_t w = 0; w < weights.size(); ++w) values.push_back(mean_of(of_users, w, weights.size()));
  return values;
}

}  // namespace

std::unique_ptr<Scorer> blend_scorer(std::vector<BlendPart> parts, const std::vector<double>& weights) {
  const bool sound = !parts.empty() && weights.size() == parts.size() &&
                     std::ranges::all_of(weights, is_blend_weight) &&
                     std::ranges::any_of(weights, [](double w) { return w > 0; });
  if (!sound)
    throw ad::Error("blend: expected a part, and for each a weight, 0 or from 1e-6 to 1e6, one of them positive");
  return std::make_unique<Blend>(std::move(parts), weights);
}

BlendChoice choose_weights(const std::vector<BlendPart>& parts, std::size_t fixed, const data::HeldOut& validation,
                           const Metric& metric, const MetricContext& context) {
  constexpr double kLeast = 0x1p-10, kMost = 0x1p10;
  BlendChoice choice{std::vector<double>(parts.size(), 1), {}};
  if (validation.targets.nnz() == 0 || parts.size() < 2) return choice;
  std::optional<double> best;
  // Tries these weights of one part, the others as they are best. They are rounded to half octaves, so that a weight
  // that is reached in two ways is tried once.
  const auto attempt = [&](std::size_t part, const std::vector<double>& of_part) {
    std::vector<std::vector<double>> fresh;
    for (const double unrounded : of_part) {
      const double w = unrounded > 0 ? std::exp2(std::round(2 * std::log2(unrounded)) / 2) : 0;
      std::vector<double> weights = choice.weights;
      weights[part] = w;
      if ((w == 0 || (w >= kLeast && w <= kMost)) && !choice.tried.contains(weights)) fresh.push_back(weights);
    }
    if (fresh.empty()) return;
    const std::vector<double> values = values_of(parts, fresh, validation, metric, context);
    for (std::size_t k = 0; k < fresh.size(); ++k) {
      choice.tried[fresh[k]] = values[k];
      if (!is_better(metric, values[k], best)) continue;
      best = values[k];
      choice.weights = fresh[k];
    }
  };
  for (int round = 0; round < 3; ++round) {
    const std::vector<double> before = choice.weights;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (p == fixed) continue;
      const double middle = std::max(choice.weights[p], 0.25);
      attempt(p, {middle, middle / 4, middle / 2, middle * 2, middle * 4, 0});
      for (const double step : {2.0, 0.5}) {
        for (double last = -1; std::exchange(last, choice.weights[p]) != choice.weights[p];)
          attempt(p, {choice.weights[p] * step});
      }
      attempt(p, {choice.weights[p] * std::sqrt(0.5), choice.weights[p] * std::sqrt(2.0)});
    }
    if (choice.weights == before && round > 0) break;
  }
  return choice;
}

}  // namespace recvae
