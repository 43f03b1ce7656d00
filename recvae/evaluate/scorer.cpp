#include "scorer.h"

#include <algorithm>

#include "../../autodiff/kernels/packed.h"
#include "../../autodiff/parallel.h"
#include "../encoder_mean.h"

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

/// A part of [0, n): as even as can be.
struct Part {
  Index begin, end;
  Part(Index n, Index parts, Index part) : begin(n * part / parts), end(n * (part + 1) / parts) {}
  Index size() const { return end - begin; }
};

class ModelScorer : public Scorer {
 public:
  ModelScorer(const RecVae<float>& model, DecoderCopy copy)
      : model_(model), mean_(model.encoder), whole_(copy == DecoderCopy::whole) {
    if (whole_) packed_.pack(model.decoder.weight.value);
    for (double& largest : largest_) {
      const ad::Tensor<float>& of = &largest == largest_ ? model.decoder.weight.value : model.decoder.bias.value;
      for (Index i = 0; i < of.size(); ++i) largest = std::max(largest, std::abs(double{of.data()[i]}));
    }
  }

  void score(const data::Csr& histories, std::int64_t first, ad::Matrix<float> scores) override {
    const ad::Tensor<float> mu = means(histories, first, scores.rows);
    for_groups([&](Index item, Index items) {
      ad::parallel_chunks(items, kTile, [&](Index begin, Index end) {
        packed_.multiply(mu.data(), mu.cols(), mu.rows(), begin, end - begin, bias() + item + begin,
                         scores.data + item + begin, scores.cols);
      });
    });
  }

  void rank(const data::Csr& histories, std::int64_t first, std::int64_t k, const Excluded& excluded,
            std::span<std::vector<Scored>> best) override {
    const auto users = static_cast<Index>(best.size());
    if (users == 0) return;
    const ad::Tensor<float> mu = means(histories, first, users);
    // A task is a chunk of users and a run of items. Where users are few, runs keep all threads busy; each has lists of
    // its own. How many there are changes no list.
    const Index chunks = user_chunks(users);
    const Index runs =
        std::clamp<Index>(ad::threads() / chunks, 1, std::max<Index>(1, (model_.items() + kTile - 1) / kTile));
    std::vector<TopK> lists(as_size(users * runs), TopK(k));
    for_groups([&](Index group, Index items) {
      ad::parallel_for(chunks * runs, [&](Index task) {
        const Part chunk(users, chunks, task / runs);
        const Part tiles((items + kTile - 1) / kTile, runs, task % runs);
        std::vector<float> scores(as_size(chunk.size() * kTile)), tile_bias(as_size(kTile));
        for (Index tile = tiles.begin; tile < tiles.end; ++tile) {
          const Index width = std::min(kTile, items - tile * kTile), item = group + tile * kTile;
          std::copy_n(bias() + item, width, tile_bias.begin());
          excluded.bar(static_cast<std::int32_t>(item), std::span(tile_bias).first(as_size(width)));
          packed_.multiply(mu.view().row(chunk.begin), mu.cols(), chunk.size(), tile * kTile, width, tile_bias.data(),
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
  // Items that are scored together: beside the scores of a chunk of users their weights stay in a core's cache.
  static constexpr Index kTile = 5 * ad::PackedMatrix::kPanel;
  // Items that are copied together, where not all are.
  static constexpr Index kGroup = 32 * kTile;

  /// Chunks of a few dozen users, several for each thread where there are enough.
  static Index user_chunks(Index users) {
    constexpr Index kMost = 96, kLeast = 12, kPerThread = 4;
    return std::clamp((users + kLeast - 1) / kLeast, Index{1},
                      std::max((users + kMost - 1) / kMost, kPerThread * ad::threads()));
  }

  ad::Tensor<float> means(const data::Csr& histories, std::int64_t first, Index users) const {
    ad::Tensor<float> mu = mean_.of_rows(histories, first, users);
    // No score is beyond what a float holds, whatever the order of its sum.
    const double most = (std::numeric_limits<float>::max() / 2 - largest_[1]) / static_cast<double>(mu.cols());
    for (Index i = 0; i < mu.size(); ++i) {
      if (!(std::abs(double{mu.data()[i]}) * largest_[0] <= most))
        throw ad::Error(
            "the model's scores are not finite numbers: its weights are too large, or it has not converged");
    }
    return mu;
  }

  const float* bias() const { return model_.decoder.bias.value.data(); }

  /// Calls f(first item, items) for groups of items whose weights `packed_` then holds, in ascending order.
  template <class F>
  void for_groups(const F& f) {
    if (whole_) return f(Index{0}, model_.items());
    const ad::ConstMatrix<float> weight = model_.decoder.weight.value;
    for (Index first = 0; first < weight.rows; first += kGroup) {
      const Index items = std::min(kGroup, weight.rows - first);
      packed_.pack({weight.row(first), items, weight.cols});
      f(first, items);
    }
  }

  const RecVae<float>& model_;
  double largest_[2] = {};  // absolute values of the decoder's weight and bias
  EncoderMean mean_;
  bool whole_;
  ad::PackedMatrix packed_;  // of the decoder: all of it, or the group at hand
};

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

void Scorer::rank(const data::Csr& histories, std::int64_t first, std::int64_t k, const Excluded& excluded,
                  std::span<std::vector<Scored>> best) {
  constexpr std::size_t kTogether = 64;
  ad::Tensor<float> memory(static_cast<Index>(std::min(kTogether, best.size())), histories.cols);
  for (std::size_t begin = 0; begin < best.size(); begin += kTogether) {
    const std::int64_t row = first + static_cast<std::int64_t>(begin);
    const ad::Matrix<float> scores{memory.data(), static_cast<Index>(std::min(kTogether, best.size() - begin)),
                                   memory.cols()};
    score(histories, row, scores);
    ad::parallel_for(scores.rows, [&](Index u) {
      const std::span of_user(scores.row(u), as_size(scores.cols));
      excluded.mask(histories, row + u, 0, of_user);
      excluded.bar(0, of_user);
      top_k(of_user, k, best[begin + as_size(u)]);
    });
  }
}

std::unique_ptr<Scorer> model_scorer(const RecVae<float>& model, DecoderCopy copy) {
  return std::make_unique<ModelScorer>(model, copy);
}

}  // namespace recvae
