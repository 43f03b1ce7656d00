#include "given.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace recvae {
namespace {

class GivenScores : public Scorer {
 public:
  explicit GivenScores(ad::Matrix<const float> scores) : scores_(scores) {}

  void score(const data::Csr&, std::int64_t first, ad::Matrix<float> scores) override {
    for (ad::Index u = 0; u < scores.rows; ++u) std::copy_n(scores_.row(first + u), scores.cols, scores.row(u));
  }

 private:
  ad::Matrix<const float> scores_;
};

class GivenLists : public Scorer {
 public:
  GivenLists(std::span<const std::int32_t> items, std::int64_t k) : items_(items), k_(k) {}

  void score(const data::Csr&, std::int64_t, ad::Matrix<float>) override {
    throw std::invalid_argument("lists: expected scores for a metric that looks at them, found lists alone");
  }

  void rank(const data::Csr& histories, std::int64_t first, std::int64_t k, const Excluded& excluded,
            std::span<std::vector<Scored>> best) override {
    const auto has = [](std::span<const std::int32_t> row, std::int32_t item) {
      return std::binary_search(row.begin(), row.end(), item);
    };
    for (std::size_t u = 0; u < best.size(); ++u) {
      const std::int64_t row = first + static_cast<std::int64_t>(u);
      best[u].clear();
      for (const std::int32_t item : items_.subspan(data::as_size(row * k_), data::as_size(k_))) {
        if (item < 0 || std::ssize(best[u]) == k) break;
        if (item >= histories.cols) {
          throw std::invalid_argument("lists: row " + std::to_string(row) + ": expected items below " +
                                      std::to_string(histories.cols) + ", found " + std::to_string(item));
        }
        const auto is_it = [&](const Scored& s) { return s.item == item; };
        const bool masked = excluded.masked && row < excluded.masked->rows() && has(excluded.masked->row(row), item);
        const bool out = masked || (excluded.history && has(histories.row(row), item)) ||
                         (!excluded.barred.empty() && excluded.barred[data::as_size(item)] != 0);
        if (!out && std::ranges::none_of(best[u], is_it))
          best[u].push_back({item, -static_cast<float>(best[u].size())});
      }
    }
  }

 private:
  std::span<const std::int32_t> items_;
  std::int64_t k_;
};

}  // namespace

std::unique_ptr<Scorer> given_scores(ad::Matrix<const float> scores) { return std::make_unique<GivenScores>(scores); }

std::unique_ptr<Scorer> given_lists(std::span<const std::int32_t> items, std::int64_t k) {
  return std::make_unique<GivenLists>(items, k);
}

}  // namespace recvae
