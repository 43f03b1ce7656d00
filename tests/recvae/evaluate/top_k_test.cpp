#include "recvae/evaluate/top_k.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/random.h"
#include "autodiff/tensor.h"

using namespace recvae;

namespace {

/// Scores with many ties: few different values.
ad::Tensor<float> tied_scores(ad::Index rows, ad::Index cols) {
  ad::Tensor<float> t(rows, cols);
  for (ad::Index i = 0; i < t.size(); ++i)
    t.data()[i] = std::floor(8 * static_cast<float>(ad::uniform({.seed = 3}, static_cast<std::uint64_t>(i))));
  return t;
}

bool same(const std::vector<Scored>& a, const std::vector<Scored>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Scored& x, const Scored& y) { return x.item == y.item && x.score == y.score; });
}

}  // namespace

TEST_CASE("top_k: a full sort's head for every k, ties to the lower item, masked and NaN scores left out") {
  const ad::Tensor<float> scores = tied_scores(1, 200);
  std::vector<float> row(scores.data(), scores.data() + 200);
  row[17] = -std::numeric_limits<float>::infinity();
  row[18] = std::numeric_limits<float>::quiet_NaN();
  std::vector<std::int32_t> order(200);
  std::iota(order.begin(), order.end(), 0);
  std::erase_if(order, [](std::int32_t i) { return i == 17 || i == 18; });
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return row[static_cast<std::size_t>(a)] > row[static_cast<std::size_t>(b)];
  });
  std::vector<Scored> best;
  for (std::int64_t k : {0, 1, 2, 10, 100, 198, 200, 1000}) {
    top_k(row, k, best);
    REQUIRE(best.size() == std::min<std::size_t>(static_cast<std::size_t>(k), order.size()));
    for (std::size_t j = 0; j < best.size(); ++j) {
      CHECK(best[j].item == order[j]);
      CHECK(best[j].score == row[static_cast<std::size_t>(order[j])]);
    }
  }
}

TEST_CASE("TopK: pieces, and lists of runs merged, give the list of the whole row") {
  const std::int32_t n = 3000;
  ad::Tensor<float> scores = tied_scores(1, n);
  for (std::int32_t i = 0; i < n; i += 3) {  // some scores of their own among the ties
    scores.data()[i] += static_cast<float>(ad::uniform({.seed = 9}, static_cast<std::uint64_t>(i)));
  }
  const std::span<const float> row = scores.view().span();
  const auto piece = [&](std::int32_t begin, std::int32_t end) {
    return row.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  };
  std::vector<Scored> whole;
  for (std::int64_t k : {1, 7, 100, 1500, 5000}) {
    top_k(row, k, whole);
    const auto list_of = [](TopK& list) {
      std::vector<Scored> out;
      list.take(out);
      return out;
    };
    for (const std::int32_t width : {1, 63, 256, 1000}) {
      TopK all(k), first(k), second(k);
      for (std::int32_t i = 0; i < n; i += width) all.add(i, piece(i, std::min(n, i + width)));
      CHECK(same(list_of(all), whole));
      for (std::int32_t i = 0; i < 1100; i += width) first.add(i, piece(i, std::min(1100, i + width)));
      for (std::int32_t i = 1100; i < n; i += width) second.add(i, piece(i, std::min(n, i + width)));
      TopK merged = second;
      merged.merge(first);  // in any order
      CHECK(same(list_of(merged), whole));
      first.merge(second);
      CHECK(same(list_of(first), whole));
    }
  }
}
