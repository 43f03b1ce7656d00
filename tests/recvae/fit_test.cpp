#include "recvae/fit.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "fit_problem.h"

using namespace recvae;

namespace {

using Problem = test::FitProblem;

/// The finished epochs of a run, without a copy of what they measured of each user.
std::vector<FitEpoch> epochs_of(Fit& fit) {
  std::vector<FitEpoch> epochs;
  fit.run([&](const FitEpoch* ended) {
    if (ended) epochs.push_back(*ended);
    return true;
  });
  return epochs;
}

}  // namespace

TEST_CASE("fit: every eval_step and at the end, the best is strictly better than all before") {
  Problem p;
  p.settings.eval_step = 3;
  Fit fit = p.fit();
  REQUIRE(fit.metrics().size() == 2);
  CHECK(fit.valid_metric().label() == "ndcg@10");
  const std::vector<FitEpoch> epochs = epochs_of(fit);
  REQUIRE(epochs.size() == 8);
  double best = -INFINITY;
  for (std::size_t e = 0; e < epochs.size(); ++e) {
    CHECK(epochs[e].report.epoch == static_cast<std::int64_t>(e) + 1);
    CHECK(epochs[e].valid.has_value() == ((e + 1) % 3 == 0 || e == 7));
    if (!epochs[e].valid) {
      CHECK_FALSE(epochs[e].best);
      continue;
    }
    const double value = epochs[e].valid->means[1];
    CHECK(fit.valid_value(epochs[e]) == value);
    CHECK(epochs[e].best == (value > best));
    if (epochs[e].best) {
      best = value;
      CHECK(fit.state().best_epoch >= epochs[e].report.epoch);
    }
  }
  CHECK(fit.state().best == best);
  CHECK_FALSE(fit.stopped_early());
}

TEST_CASE("fit: a callback ends the run, between epochs or within one") {
  Problem p;
  Fit fit = p.fit();
  int steps = 0;
  fit.run([&](const FitEpoch* ended) {
    ++steps;
    return ended == nullptr;
  });
  CHECK(steps == 5 * 3);  // three encoder passes, the refresh and a decoder pass of three batches
  CHECK(fit.state().epochs == 1);
  fit.run([&](const FitEpoch*) { return false; });
  CHECK(fit.trainer().state().batch == 1);
  CHECK(fit.state().epochs == 1);
}

TEST_CASE("fit: without improvement it stops; with nothing to choose by the last epoch is best") {
  Problem p;
  p.settings.epochs = 100;
  p.settings.stopping_step = 2;
  p.settings.learning_rate = 0.5;
  Fit fit = p.fit();
  const std::vector<FitEpoch> epochs = epochs_of(fit);
  CHECK(fit.stopped_early());
  CHECK(epochs.size() < 100);
  CHECK(fit.state().without_gain == 3);
  CHECK(fit.state().best_epoch == static_cast<std::int64_t>(epochs.size()) - 3);

  p.settings.epochs = 3;
  p.validation = {{}, {30}, {30}, {}};
  Fit blind = p.fit();
  for (const FitEpoch& epoch : epochs_of(blind)) {
    CHECK(epoch.best);
    CHECK_FALSE(epoch.valid);
  }
  CHECK(blind.state().best_epoch == 3);
}

TEST_CASE("fit: files hold the old encoder, which waits in a file without a name where it is never updated") {
  Problem p;
  p.settings.epochs = 1;
  for (const char* update : {"epoch", "never"}) {
    p.settings.prior_update = update;
    const InitialModel start = initial_model(p.settings, p.tokens);
    Fit fit = p.fit();
    CHECK_FALSE(std::filesystem::exists(p.dir.path("scratch")));
    epochs_of(fit);
    fit.save(p.dir.path("model"), {"{}", p.tokens, ""});
    const LoadedModel saved = load_model(p.dir.path("model"), Load::with_old_encoder);
    const Encoder<float>& expected = std::string(update) == "never" ? *start.old_encoder : fit.model().encoder;
    CHECK(
        std::ranges::equal(saved.old_encoder->fc1.weight.value.view().span(), expected.fc1.weight.value.view().span()));
    CHECK(std::ranges::equal(saved.model.decoder.weight.value.view().span(),
                             fit.model().decoder.weight.value.view().span()));
  }
}

TEST_CASE(
    "initial_model: a file's weights, mapped by token; the old posterior is the encoder's where the settings say so") {
  Problem p;
  p.settings.epochs = 1;
  Fit fit = p.fit();
  epochs_of(fit);
  fit.save(p.dir.path("model"), {"{}", p.tokens, ""});
  std::vector<std::string> tokens(p.tokens.begin() + 10, p.tokens.end());
  tokens.push_back("new");
  const InitialModel start = initial_model(p.settings, tokens, p.dir.path("model"));
  REQUIRE(start.taken_over);
  CHECK(start.taken_over->kept == 20);
  CHECK(start.taken_over->fresh == 1);
  CHECK(start.taken_over->dropped == 10);
  CHECK(start.model.decoder.weight.value(0, 0) == fit.model().decoder.weight.value(10, 0));
  p.settings.prior_init = "encoder";
  const InitialModel fresh = initial_model(p.settings, p.tokens);
  CHECK_FALSE(fresh.old_encoder);
}
