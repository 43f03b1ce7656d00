#include "recvae/serve/similar.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "../support.h"
#include "autodiff/parallel.h"
#include "recvae/evaluate/evaluator.h"

using namespace recvae;

namespace {

RecVae<float> make_model(std::int32_t items, ad::Index latent) {
  return {Encoder<float>(items, 4, latent, 0.1, ad::nn::Init::torch, 1, 0), ad::nn::Linear<float>(latent, items, 1)};
}

std::vector<std::vector<Scored>> lists(Scorer& scorer, const data::Csr& rows, std::int64_t k) {
  std::vector<std::vector<Scored>> found;
  recommend(scorer, rows, k, {.history = true},
            [&](std::int64_t, std::span<const Scored> best) { found.emplace_back(best.begin(), best.end()); });
  return found;
}

bool same(const std::vector<Scored>& a, const std::vector<Scored>& b) {
  return std::ranges::equal(a, b, [](Scored x, Scored y) { return x.item == y.item && x.score == y.score; });
}

}  // namespace

TEST_CASE("similar items: cosines and inner products of decoder rows, without bias and the item itself") {
  RecVae<float> model = make_model(5, 2);
  const float rows[5][2] = {{3, 4}, {0, 0}, {-6, -8}, {6, 8}, {4, -3}};
  std::copy_n(&rows[0][0], 10, model.decoder.weight.value.data());
  model.decoder.bias.value.fill(100);
  const data::Csr asked = test::csr(5, {{0}, {1}, {4}, {0, 4}});

  const auto cosine = lists(*similar_items(model, Similarity::cosine), asked, 3);
  REQUIRE(cosine[0].size() == 3);
  CHECK(cosine[0][0].item == 3);
  CHECK(cosine[0][0].score == doctest::Approx(1));
  CHECK(cosine[0][1].item == 1);  // like 4: the lower one first
  CHECK(std::abs(cosine[0][1].score) < 1e-7);
  CHECK(cosine[0][2].item == 4);
  CHECK(same(cosine[1], {{0, 0}, {2, 0}, {3, 0}}));  // to a row of zeros
  CHECK(cosine[3][0].item == 3);
  CHECK(cosine[3][0].score == doctest::Approx(1));
  CHECK(lists(*similar_items(model, Similarity::cosine), asked, 9)[0].size() == 4);
  const auto dot = lists(*similar_items(model, Similarity::dot), asked, 9);
  CHECK(same(dot[0], {{3, 50}, {1, 0}, {4, 0}, {2, -50}}));
  CHECK(same(dot[2], {{0, 0}, {1, 0}, {2, 0}, {3, 0}}));
}

TEST_CASE(
    "similar items: the same bits alone and in company, for any number of threads; both ways; sizes that overflow") {
  const std::int32_t items = 1000;
  RecVae<float> model = make_model(items, 37);
  for (std::int32_t i = 1; i < items; i += 7)  // equal ones
    std::copy_n(model.decoder.weight.value.view().row(i - 1), 37, model.decoder.weight.value.view().row(i));
  std::vector<std::vector<std::int32_t>> asked;
  for (std::int32_t i = 0; i < items; i += 3) asked.push_back({i});
  for (const Similarity similarity : {Similarity::cosine, Similarity::dot}) {
    ad::set_threads(1);
    const auto scorer = similar_items(model, similarity);
    const auto together = lists(*scorer, test::csr(items, asked), items);
    for (const int threads : {1, 4}) {
      ad::set_threads(threads);
      const auto again = lists(*similar_items(model, similarity), test::csr(items, asked), 20);
      for (std::size_t k = 0; k < asked.size(); k += 17) {
        const std::vector<Scored> first(together[k].begin(), together[k].begin() + 20);
        CHECK(same(again[k], first));
        CHECK(same(lists(*scorer, test::csr(items, {asked[k]}), 20)[0], first));
      }
    }
    const auto score = [&](std::size_t row, std::int32_t item) {
      return std::ranges::find(together[row], item, &Scored::item)->score;
    };
    CHECK(score(1, 300) == score(100, 3));
    for (const auto& list : together) {
      for (std::size_t k = 1; k < list.size(); ++k)
        REQUIRE((list[k - 1].score > list[k].score ||
                 (list[k - 1].score == list[k].score && list[k - 1].item < list[k].item)));
    }
  }
  ad::set_threads(0);
  model.decoder.weight.value.fill(3e38f);
  CHECK_THROWS_AS(lists(*similar_items(model, Similarity::dot), test::csr(items, {{1}}), 3), ad::Error);
  CHECK(lists(*similar_items(model, Similarity::cosine), test::csr(items, {{1}}), 3)[0][0].score == doctest::Approx(1));
  model.decoder.weight.value.fill(1e-42f);  // denormal
  CHECK(lists(*similar_items(model, Similarity::cosine), test::csr(items, {{1}}), 3)[0][0].score == doctest::Approx(1));
}
