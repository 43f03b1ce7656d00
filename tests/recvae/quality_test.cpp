// Floors of what a trained model reaches: a mistake that leaves all gradients right and the lists bad shows here.
#include <doctest/doctest.h>

#include <fstream>

#include "../support/datasets.h"
#include "../support/temp_dir.h"
#include "autodiff/random.h"
#include "data/load.h"
#include "recvae/baselines/baselines.h"
#include "recvae/fit.h"

using namespace recvae;

namespace {

/// Mean of the settings' valid_metric on the test users, for the epoch that is best on validation.
double test_value(const data::Dataset& data, const Settings& settings) {
  test::TempDir dir;
  const MetricContext context = metric_context(data, settings);
  Fit fit(settings, data.train, data.validation, context, initial_model(settings, data.item_tokens),
          dir.path("scratch"));
  double value = 0;
  fit.run([&](const FitEpoch* ended) {
    if (ended && ended->best)
      value = evaluate(*model_scorer(fit.model()), data.test, {fit.valid_metric()}, context).means[0];
    return true;
  });
  return value;
}

double test_value(const data::Dataset& data, const Settings& settings, const char* baseline) {
  const auto scorer = make_baseline(baseline, data.train, {.lambda = 10});
  return evaluate(*scorer, data.test, parse_metrics({settings.valid_metric}, {}), metric_context(data, settings))
      .means[0];
}

/// Users who like two of twelve blocks of twenty items: of each half of the items, and one of thirty others.
void write_blocks(const std::string& path) {
  constexpr int kUsers = 700, kBlocks = 12, kBlock = 20;
  const ad::RandomKey key{.seed = 17};
  std::uint64_t draw = 0;
  const auto below = [&](double p) { return ad::uniform(key, draw++) < p; };
  const auto block = [&] { return static_cast<int>(ad::uniform(key, draw++) * kBlocks); };
  std::ofstream file(path);
  file << "userId,movieId\n";
  for (int user = 0; user < kUsers; ++user) {
    const int first = block(), second = block();
    for (int item = 0; item < kBlocks * kBlock; ++item) {
      const bool liked = item / kBlock == first || item / kBlock == second;
      if (below(liked ? 0.5 : 1.0 / 30)) file << user << ',' << item << '\n';
    }
  }
}

}  // namespace

TEST_CASE("quality: the blocks of a planted structure are found") {
  test::TempDir dir;
  write_blocks(dir.path("blocks.csv"));
  data::DataOptions options;
  options.path = dir.path("blocks.csv");
  options.heldout_users = 100;
  const data::Dataset data = data::load(options);
  Settings settings;
  settings.hidden_dimension = 64;
  settings.latent_dimension = 16;
  settings.train_batch_size = 50;
  settings.learning_rate = 2e-3;
  settings.epochs = 15;
  settings.valid_metric = "ndcg@20";
  const double model = test_value(data, settings), ease = test_value(data, settings, "ease"),
               popularity = test_value(data, settings, "popularity");
  MESSAGE("NDCG@20: RecVAE " << model << ", EASE " << ease << ", popularity " << popularity);
  CHECK(popularity < 0.1);
  CHECK(ease > 0.25);
  CHECK(model > 0.3);
}

TEST_CASE("quality: MovieLens 100K, the authors' split, NDCG@100 of at least 0.45" * test::needs_datasets()) {
  data::DataOptions options;
  options.path = test::dataset("ml-100k");
  options.threshold = 3.5;
  options.heldout_users = 100;
  Settings settings;
  settings.epochs = 40;
  CHECK(test_value(data::load(options), settings) >= 0.45);
}
