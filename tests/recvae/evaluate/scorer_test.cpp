#include "recvae/evaluate/scorer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../support.h"
#include "autodiff/parallel.h"
#include "recvae/batch.h"
#include "recvae/evaluate/user_code.h"

using namespace recvae;
using recvae::test::csr;

namespace {

RecVae<float> make_model(std::int32_t items, ad::Index hidden, ad::Index latent) {
  RecVae<float> model{Encoder<float>(items, hidden, latent, 0.1, ad::nn::Init::torch, 1, 0),
                      ad::nn::Linear<float>(latent, items, 1)};
  for (std::int32_t i = 1; i < items; i += 5) {  // some items are the same: equal scores
    std::copy_n(model.decoder.weight.value.view().row(i - 1), latent, model.decoder.weight.value.view().row(i));
    model.decoder.bias.value.data()[i] = model.decoder.bias.value.data()[i - 1];
  }
  return model;
}

/// Histories of very different lengths, the first one empty.
data::Csr make_histories(std::int32_t items, std::int32_t users) {
  std::vector<std::vector<std::int32_t>> rows(static_cast<std::size_t>(users));
  for (std::int32_t u = 1; u < users; ++u) {
    for (std::int32_t i = u % items; i < items; i += 1 + u % 40) rows[static_cast<std::size_t>(u)].push_back(i);
  }
  return csr(items, rows);
}

ad::Tensor<float> scores_of(Scorer& scorer, const data::Csr& histories, std::int64_t first, ad::Index rows) {
  ad::Tensor<float> scores(rows, histories.cols);
  scorer.score(histories, first, scores);
  return scores;
}

bool same(ad::ConstMatrix<float> a, ad::ConstMatrix<float> b) {
  return std::equal(a.data, a.data + a.size(), b.data, b.data + b.size());
}

}  // namespace

TEST_CASE("model_scorer: the scores are those of the tape") {
  const std::int32_t items = 700, users = 50;
  const RecVae<float> model = make_model(items, 600, 200);
  const data::Csr histories = make_histories(items, users);
  ad::Tape<float> tape;
  std::vector<std::int32_t> all(static_cast<std::size_t>(users));
  std::iota(all.begin(), all.end(), 0);
  Batch<float> batch(histories);
  batch.gather(all);
  const ad::Var<float> mu = model.encoder(tape, batch.normalised()).mu;
  const ad::ConstMatrix<float> expected = model.decoder(mu).value();

  ad::Tensor<float> mean(users, 200);
  const UserCode code(model);
  code(histories, 0, users, mean.data());
  for (ad::Index i = 0; i < mean.size(); ++i) REQUIRE(std::abs(mean.data()[i] - mu.value().data[i]) < 1e-5);
  const ad::Tensor<float> scores = scores_of(*model_scorer(model), histories, 0, users);
  for (ad::Index i = 0; i < scores.size(); ++i) REQUIRE(std::abs(scores.data()[i] - expected.data[i]) < 1e-5);
}

TEST_CASE("model_scorer: a user's scores are the same bits alone and in company, for any threads and either copy") {
  const std::int32_t users = 70;
  for (const std::int32_t items : {500, 9000}) {  // more than are copied together
    const RecVae<float> model = make_model(items, 600, 200);
    const data::Csr histories = make_histories(items, users);
    ad::set_threads(1);
    const auto scorer = model_scorer(model), whole = model_scorer(model, DecoderCopy::whole);
    const ad::Tensor<float> all = scores_of(*scorer, histories, 0, users);
    CHECK(same(scores_of(*whole, histories, 0, users), all));
    for (const int threads : {1, 4}) {
      ad::set_threads(threads);
      CHECK(same(scores_of(*scorer, histories, 0, users), all));
      for (const std::int64_t row : {0, 13, 69}) {
        for (Scorer* const s : {scorer.get(), whole.get()}) {
          CHECK(same(scores_of(*s, histories, row, 1), {all.view().row(row), 1, items}));
          const std::int64_t first = std::max<std::int64_t>(0, row - 2);
          CHECK(
              same(scores_of(*s, histories, first, 3 - (row == 69)), {all.view().row(first), 3 - (row == 69), items}));
        }
      }
    }
  }
  ad::set_threads(0);
}

TEST_CASE("rank: the head of a full sort of the scores, whatever is excluded, for any k, threads and either copy") {
  for (const std::int32_t items : {1, 47, 49, 239, 240, 241, 7680, 7681}) {
    const std::int32_t users = items > 1000 ? 25 : 130;
    CAPTURE(items);
    const RecVae<float> model = make_model(items, 24, 12);
    const data::Csr histories = make_histories(items, users);
    const data::Csr masked = csr(items, {{0}, {}, {items - 1}});  // of the first users alone
    std::vector<std::uint8_t> barred(static_cast<std::size_t>(items));
    for (std::size_t i = 0; i < barred.size(); ++i) barred[i] = i % 7 == 3;
    const auto by_tiles = model_scorer(model), whole = model_scorer(model, DecoderCopy::whole);
    const ad::Tensor<float> scores = scores_of(*by_tiles, histories, 0, users);
    for (const bool excluding : {false, true}) {
      Excluded excluded;
      if (excluding) excluded = {.history = true, .masked = &masked, .barred = barred};
      std::vector<std::vector<Scored>> expected(static_cast<std::size_t>(users));
      for (std::int32_t u = 0; u < users; ++u) {
        const auto has = [&](const data::Csr& m, std::int32_t i) {
          return u < m.rows() && std::binary_search(m.row(u).begin(), m.row(u).end(), i);
        };
        auto& list = expected[static_cast<std::size_t>(u)];
        for (std::int32_t i = 0; i < items; ++i) {
          if (excluding && (has(histories, i) || has(masked, i) || barred[static_cast<std::size_t>(i)])) continue;
          list.push_back({i, scores(u, i)});
        }
        std::stable_sort(list.begin(), list.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
      }
      for (const int threads : {1, 2, 16}) {
        ad::set_threads(threads);
        for (Scorer* const scorer : {by_tiles.get(), whole.get()}) {
          for (const std::int64_t k : {1, 20, 10'000}) {
            for (const std::int32_t count : {1, 3, users}) {
              const std::int32_t first = users - count;
              std::vector<std::vector<Scored>> got(static_cast<std::size_t>(count));
              scorer->rank(histories, first, k, excluded, got);
              for (std::size_t u = 0; u < got.size(); ++u) {
                const auto& full = expected[static_cast<std::size_t>(first) + u];
                const auto head = std::span(full).first(std::min(full.size(), static_cast<std::size_t>(k)));
                REQUIRE(std::equal(
                    got[u].begin(), got[u].end(), head.begin(), head.end(),
                    [](const Scored& a, const Scored& b) { return a.item == b.item && a.score == b.score; }));
              }
            }
          }
        }
      }
    }
  }
  ad::set_threads(0);
}
