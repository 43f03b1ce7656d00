// What each of RecVAE's parts does when another stands in its place.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "ablations.h"
#include "fit_problem.h"
#include "recvae/recvae.h"
#include "support.h"

using namespace recvae;

namespace {

std::vector<FitEpoch> train(Fit& fit) {
  std::vector<FitEpoch> epochs;
  fit.run([&](const FitEpoch* ended) {
    if (ended) epochs.push_back(*ended);
    return true;
  });
  return epochs;
}

ad::Tensor<float> scores(const RecVae<float>& model, const data::Csr& histories) {
  ad::Tensor<float> found(histories.rows(), model.items());
  model_scorer(model)->score(histories, 0, found);
  return found;
}

double largest_difference(const ad::Tensor<float>& a, const ad::Tensor<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (ad::Index i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a.data()[i]) - b.data()[i]));
  }
  return largest;
}

std::map<std::string, ad::Tensor<float>> weights(const RecVae<float>& model) {
  std::map<std::string, ad::Tensor<float>> found;
  ad::nn::for_each_parameter(
      model, [&](const std::string& name, const ad::Parameter<float>& p) { found.emplace(name, p.value); });
  return found;
}

bool same(const RecVae<float>& a, const RecVae<float>& b) {
  const auto x = weights(a), y = weights(b);
  return std::ranges::equal(x, y, [](const auto& p, const auto& q) {
    return p.first == q.first && std::ranges::equal(p.second.view().span(), q.second.view().span());
  });
}

/// The columns, or items of rows, in reverse.
data::Csr reversed(const data::Csr& m) {
  data::Csr out;
  out.cols = m.cols;
  for (std::int64_t u = 0; u < m.rows(); ++u) {
    std::vector<std::int32_t> row;
    for (const std::int32_t item : m.row(u)) row.insert(row.begin(), m.cols - 1 - item);
    out.append(row);
  }
  return out;
}

}  // namespace

TEST_CASE("ablations: scores, vectors and lists of similar items are those of the tape") {
  for (const auto& ablation : test::kAblations) {
    CAPTURE(ablation.name);
    test::FitProblem p;
    ablation.apply(p.settings);
    const RecVae<float> model = make_model(architecture(p.settings), 30, ad::nn::Init::torch, 1);
    const data::Csr& histories = p.validation.history;
    std::vector<std::int32_t> users(static_cast<std::size_t>(histories.rows()));
    std::iota(users.begin(), users.end(), 0);
    Batch<float> batch(histories);
    batch.gather(users);
    ad::Tape<float> tape;
    const ad::Var<float> mu = model.encoder(tape, batch.normalised()).mu;
    const ad::Tensor<float> found = scores(model, histories), expected(model.decoder(mu).value());
    CHECK(largest_difference(found, expected) < 1e-5);

    const UserCode code(model);  // its inner product with an item's row, and the item's bias
    const ad::Tensor<float> codes = code.of_rows(histories, 0, histories.rows());
    CHECK(largest_difference(codes, ad::Tensor<float>(model.decoder.of(mu).value())) < 1e-5);
    const ad::Index width = model.decoder.width();
    CHECK(width == (p.settings.decoder == "multvae" ? 16 : 6));
    CHECK(codes.cols() == width);
    const ad::ConstMatrix<float> rows = model.decoder.weight.value;
    const auto product = [&](const float* a, const float* b) { return std::inner_product(a, a + width, b, 0.0); };
    ad::Tensor<float> similar(1, 30);
    similar_items(model, Similarity::dot)->score(test::csr(30, {{4}}), 0, similar);
    for (ad::Index i = 0; i < 30; ++i) {
      CHECK(std::abs(product(codes.view().row(2), rows.row(i)) + model.decoder.bias.value(0, i) - found(2, i)) < 1e-5);
      if (i != 4) CHECK(std::abs(product(rows.row(4), rows.row(i)) - similar(0, i)) < 1e-5);
    }
  }
}

TEST_CASE("ablations: a trained model goes through files of either kind and to items in another order") {
  for (const auto& ablation : test::kAblations) {
    CAPTURE(ablation.name);
    test::FitProblem p;
    ablation.apply(p.settings);
    p.settings.epochs = 2;
    Fit fit = p.fit();
    train(fit);
    const std::string json = to_json(p.settings), file = p.dir.path("model"), slim = p.dir.path("slim");
    fit.save(file, {json, p.tokens, ""});
    const LoadedModel loaded = load_model(file, Load::with_old_encoder);
    CHECK(same(loaded.model, fit.model()));
    CHECK(loaded.old_encoder.has_value() == has_old_posterior(p.settings));
    const ad::nn::SafetensorsReader on_disk(file);
    CHECK(std::ranges::any_of(on_disk.tensors(), [](const auto& t) { return t.first.starts_with("prior."); }) ==
          has_old_posterior(p.settings));

    save_for_serving(slim, loaded);
    CHECK(same(load_model(slim, Load::model).model, fit.model()));
    for (const std::string& start : {file, slim}) {
      CHECK(same(initial_model(p.settings, p.tokens, start).model, fit.model()));
    }

    LoadedModel turned = load_model(file, Load::with_old_encoder);
    const std::vector<std::string> backwards(p.tokens.rbegin(), p.tokens.rend());
    REQUIRE(reorder_items(turned, backwards));
    const ad::Tensor<float> before = scores(fit.model(), p.validation.history),
                            after = scores(turned.model, reversed(p.validation.history));
    for (ad::Index u = 0; u < before.rows(); ++u) {
      for (ad::Index i = 0; i < 30; ++i) REQUIRE(std::abs(after(u, 29 - i) - before(u, i)) < 1e-4);
    }
    REQUIRE(reorder_items(turned, p.tokens));
    CHECK(same(turned.model, fit.model()));
  }
}

TEST_CASE("ablations: weights of another architecture are refused, by its file and as a start") {
  test::FitProblem p;
  p.settings.epochs = 1;
  const std::string file = p.dir.path("model");
  const auto refused = [&](const Settings& claimed) {
    Fit fit = p.fit();
    fit.save(file, {to_json(claimed), p.tokens, ""});
    CHECK_THROWS_AS(load_model(file, Load::model), ad::Error);
  };
  for (const auto& ablation : test::kAblations) {
    CAPTURE(ablation.name);
    Settings other = p.settings;
    ablation.apply(other);
    const Architecture a = architecture(p.settings), b = architecture(other);
    if (a.encoder == b.encoder && a.hidden_decoder == b.hidden_decoder) continue;
    refused(other);
    p.fit().save(file, {to_json(p.settings), p.tokens, ""});
    CHECK_THROWS_WITH_AS(initial_model(other, p.tokens, file),
                         "initial weights: expected encoder and decoder of the same kind, found others", ad::Error);
  }
}

TEST_CASE("a prior without old posterior keeps no table of it") {
  for (const auto& ablation : test::kAblations) {
    CAPTURE(ablation.name);
    test::FitProblem p;
    ablation.apply(p.settings);
    Fit fit = p.fit();
    CHECK(fit.trainer().old_mu().rows == (has_old_posterior(p.settings) ? fit.train().rows() : 0));
    CHECK(has_old_posterior(p.settings) == (has_kl(p.settings) && p.settings.prior != "standard"));
    CHECK(p.start().old_encoder.has_value() == has_old_posterior(p.settings));
  }
}

TEST_CASE("annealing: beta grows with the steps from 0, up to its value; gamma knows none of it") {
  // Weights that stand still, a closed form and no dropout: what is left of the epochs' divergence is its weight.
  test::FitProblem p;
  Settings& s = p.settings;
  s.prior = "standard";
  s.learning_rate = 1e-12;
  s.dropout_prob = 0;
  s.alternating = false;
  s.train_batch_size = 60;  // a step an epoch
  const auto divergences = [&](double gamma, double beta, std::int64_t total) {
    s.gamma = gamma;
    s.beta = beta;
    s.total_anneal_steps = total;
    Fit fit = p.fit();
    std::vector<double> found;
    for (const FitEpoch& epoch : train(fit)) found.push_back(epoch.report.train_kld);
    return found;
  };
  const double whole = divergences(0, 1, 0)[0];
  REQUIRE(whole > 0.01);
  const std::vector<double> grown = divergences(0, 0.6, 4);
  CHECK(grown[0] == 0);
  const double expected[] = {0, 0.25, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6};
  for (std::size_t k = 0; k < 8; ++k) CHECK(grown[k] == doctest::Approx(expected[k] * whole).epsilon(1e-5));
  CHECK(divergences(0.01, 0.6, 4) == divergences(0.01, 0.6, 0));

  s.alternating = true;  // steps of decoder passes count, too
  s.n_enc_epochs = s.n_dec_epochs = 1;
  CHECK(divergences(0, 0.6, 4)[1] == doctest::Approx(0.5 * whole).epsilon(1e-5));
}

TEST_CASE("include_padding_user: as if the data had one more user, without items") {
  for (const char* encoder : {"recvae", "multvae"}) {
    test::FitProblem p, padded;
    p.settings.encoder = padded.settings.encoder = encoder;
    p.settings.gamma = padded.settings.gamma = 0;  // the divergence counts for everybody
    padded.settings.include_padding_user = true;
    const data::Csr without = p.train;
    p.train.append({});
    Fit by_hand = p.fit(), by_setting = padded.fit();
    train(by_hand);
    train(by_setting);
    CHECK(same(by_hand.model(), by_setting.model()));
    CHECK(by_setting.train().rows() == without.rows() + 1);
    padded.settings.include_padding_user = false;
    Fit other = padded.fit();
    train(other);
    CHECK_FALSE(same(other.model(), by_setting.model()));
  }
}

namespace {

/// RecBole's rule: what is not worse than the best is the best, after NumPy's rounding; NaN is worse.
struct Selection {
  double best = -INFINITY;
  std::int64_t best_epoch = 0, without_gain = 0;

  void add(double value, std::int64_t epoch, double scale) {
    const double rounded = std::rint(value * scale) / scale;
    if (rounded >= best)
      best = rounded, best_epoch = epoch, without_gain = 0;
    else
      ++without_gain;
  }
};

}  // namespace

TEST_CASE("selection: with rounding and the last of ties the best epoch is RecBole's") {
  test::FitProblem p;
  p.settings.epochs = 40;
  p.settings.valid_metric = "hit@3";  // ties are common
  p.settings.stopping_step = 6;
  for (const std::int64_t decimals : {0, 1, 4}) {
    CAPTURE(decimals);
    p.settings.selection_decimals = decimals;
    p.settings.selection_ties = "last";
    Fit fit = p.fit();
    Selection recbole;
    for (const FitEpoch& epoch : train(fit)) {
      CHECK(recbole.without_gain <= 6);
      recbole.add(fit.valid_value(epoch), epoch.report.epoch, std::pow(10, decimals));
      CHECK(epoch.best == (recbole.best_epoch == epoch.report.epoch));
    }
    CHECK(fit.state().best_epoch == recbole.best_epoch);
    CHECK(fit.state().best == recbole.best);
    CHECK(fit.state().without_gain == recbole.without_gain);
    CHECK(fit.stopped_early() == (recbole.without_gain > 6));

    p.settings.selection_ties = "first";
    Fit first = p.fit();
    train(first);
    CHECK(first.state().best_epoch <= recbole.best_epoch);
    if (decimals == 0) CHECK(first.state().best_epoch < recbole.best_epoch);
  }
}

TEST_CASE("selection: by a metric that is defined for nobody, the last epoch is the best, and none is too many") {
  test::FitProblem p;
  p.settings.epochs = 4;
  p.settings.stopping_step = 0;
  p.settings.valid_metric = "gauc";
  std::vector<std::int32_t> everything(30);
  std::iota(everything.begin(), everything.end(), 0);
  p.validation = {{"u"}, test::csr(30, {{}}), test::csr(30, {everything}), {}};
  for (const char* ties : {"first", "last"}) {
    p.settings.selection_ties = ties;
    Fit fit = p.fit();
    for (const FitEpoch& epoch : train(fit)) {
      CHECK(std::isnan(fit.valid_value(epoch)));
      CHECK(epoch.best);
    }
    CHECK(fit.state().best_epoch == 4);
  }
}
