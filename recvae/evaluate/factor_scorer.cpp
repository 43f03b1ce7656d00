#include "factor_scorer.h"

#include <algorithm>
#include <cmath>

#include "../../autodiff/kernels/packed.h"
#include "../../autodiff/parallel.h"

namespace recvae {
namespace {

using ad::Index;
using data::as_size;

// Items that are scored together: beside the scores of a chunk of users their weights stay in a core's cache.
constexpr Index kTile = 5 * ad::PackedMatrix::kPanel;
// Items that are copied together, where not all are.
constexpr Index kGroup = 32 * kTile;

/// A part of [0, n): as even as can be.
struct Part {
  Index begin, end;
  Part(Index n, Index parts, Index part) : begin(n * part / parts), end(n * (part + 1) / parts) {}
  Index size() const { return end - begin; }
};

/// Chunks of a few dozen users, several for each thread where there are enough.
Index user_chunks(Index users) {
  constexpr Index kMost = 96, kLeast = 12, kPerThread = 4;
  return std::clamp((users + kLeast - 1) / kLeast, Index{1},
                    std::max((users + kMost - 1) / kMost, kPerThread * ad::threads()));
}

double largest(std::span<const float> numbers) {
  double found = 0;
  for (const float x : numbers) found = std::max(found, std::abs(double{x}));
  return found;
}

class FactorScorer : public Scorer {
 public:
  FactorScorer(ad::ConstMatrix<float> weight, const float* bias, DecoderCopy copy, Factors factors)
      : weight_(weight),
        bias_(bias),
        whole_(copy == DecoderCopy::whole),
        factors_(std::move(factors)),
        largest_weight_(largest(weight.span())),
        largest_bias_(largest({bias, as_size(weight.rows)})) {
    if (whole_) packed_.pack(weight);
  }

  void score(const data::Csr& histories, std::int64_t first, ad::Matrix<float> scores) override {
    const ad::Tensor<float> z = finite_factors(histories, first, scores.rows);
    for_groups([&](Index item, Index items) {
      ad::parallel_chunks(items, kTile, [&](Index begin, Index end) {
        packed_.multiply(z.data(), z.cols(), z.rows(), begin, end - begin, bias_ + item + begin,
                         scores.data + item + begin, scores.cols);
      });
    });
  }

  void rank(const data::Csr& histories, std::int64_t first, std::int64_t k, const Excluded& excluded,
            std::span<std::vector<Scored>> best) override {
    const auto users = static_cast<Index>(best.size());
    if (users == 0) return;
    const ad::Tensor<float> z = finite_factors(histories, first, users);
    // A task is a chunk of users and a run of items. Where users are few, runs keep all threads busy; each has lists of
    // its own. How many there are changes no list.
    const Index chunks = user_chunks(users);
    const Index runs =
        std::clamp<Index>(ad::threads() / chunks, 1, std::max<Index>(1, (weight_.rows + kTile - 1) / kTile));
    std::vector<TopK> lists(as_size(users * runs), TopK(k));
    for_groups([&](Index group, Index items) {
      ad::parallel_for(chunks * runs, [&](Index task) {
        const Part chunk(users, chunks, task / runs);
        const Part tiles((items + kTile - 1) / kTile, runs, task % runs);
        std::vector<float> scores(as_size(chunk.size() * kTile)), tile_bias(as_size(kTile));
        for (Index tile = tiles.begin; tile < tiles.end; ++tile) {
          const Index width = std::min(kTile, items - tile * kTile), item = group + tile * kTile;
          std::copy_n(bias_ + item, width, tile_bias.begin());
          excluded.bar(static_cast<std::int32_t>(item), std::span(tile_bias).first(as_size(width)));
          packed_.multiply(z.view().row(chunk.begin), z.cols(), chunk.size(), tile * kTile, width, tile_bias.data(),
                           scores.data(), kTile);
          for (Index u = chunk.begin; u < chunk.end; ++u) {
            const std::span row(scores.data() + (u - chunk.begin) * kTile, as_size(width));
            excluded.mask(histories, first + u, static_cast<std::int32_t>(item), row);
            lists[as_size(u * runs + task % runs)].add(static_cast<std::int32_t>(item), row);
          }
        }
      });
    });
    ad::parallel_for(users, [&](Index u) {
      TopK& list = lists[as_size(u * runs)];
      for (Index run = 1; run < runs; ++run) list.merge(lists[as_size(u * runs + run)]);
      list.take(best[as_size(u)]);
    });
  }

 private:
  ad::Tensor<float> finite_factors(const data::Csr& histories, std::int64_t first, Index users) const {
    ad::Tensor<float> z = factors_(histories, first, users);
    // No score is beyond what a float holds, whatever the order of its sum.
    const double most = (std::numeric_limits<float>::max() / 2 - largest_bias_) / static_cast<double>(z.cols());
    for (Index i = 0; i < z.size(); ++i) {
      if (!(std::abs(double{z.data()[i]}) * largest_weight_ <= most))
        throw ad::Error(
            "the model's scores are not finite numbers: its weights are too large, or it has not converged");
    }
    return z;
  }

  /// Calls f(first item, items) for groups of items whose weights `packed_` then holds, in ascending order.
  template <class F>
  void for_groups(const F& f) {
    if (whole_) return f(Index{0}, weight_.rows);
    for (Index first = 0; first < weight_.rows; first += kGroup) {
      const Index items = std::min(kGroup, weight_.rows - first);
      packed_.pack({weight_.row(first), items, weight_.cols});
      f(first, items);
    }
  }

  ad::ConstMatrix<float> weight_;
  const float* bias_;
  bool whole_;
  Factors factors_;
  double largest_weight_, largest_bias_;  // absolute values
  ad::PackedMatrix packed_;               // of the weight: all of it, or the group at hand
};

}  // namespace

std::unique_ptr<Scorer> factor_scorer(ad::ConstMatrix<float> weight, const float* bias, DecoderCopy copy,
                                      Factors factors) {
  return std::make_unique<FactorScorer>(weight, bias, copy, std::move(factors));
}

}  // namespace recvae
