// A small data set to train on, and settings for it.
#pragma once

#include <string>
#include <vector>

#include "../support/temp_dir.h"
#include "autodiff/random.h"
#include "recvae/fit.h"

namespace recvae::test {

inline data::Csr random_rows(std::int64_t users, std::int32_t items, std::uint64_t seed) {
  data::Csr m;
  m.cols = items;
  for (std::int64_t u = 0; u < users; ++u) {
    std::vector<std::int32_t> row;
    for (std::int32_t i = 0; i < items; ++i) {
      if (ad::uniform({.seed = seed}, static_cast<std::uint64_t>(u * items + i)) < 3.0 / (5 + i)) row.push_back(i);
    }
    m.append(row);
  }
  return m;
}

struct FitProblem {
  Settings settings;
  std::vector<std::string> tokens;
  data::Csr train = random_rows(60, 30, 1);
  data::HeldOut validation{std::vector<std::string>(20, "u"), random_rows(20, 30, 2), random_rows(20, 30, 3), {}};
  MetricContext context = metric_context(train, RecallDenominator::min);
  TempDir dir;

  FitProblem() {
    settings.hidden_dimension = 16;
    settings.latent_dimension = 6;
    settings.train_batch_size = 20;
    settings.learning_rate = 0.05;
    settings.epochs = 8;
    settings.metrics = {"recall@5"};
    settings.valid_metric = "ndcg@10";
    for (int i = 0; i < 30; ++i) tokens.push_back(std::to_string(i));
  }
  InitialModel start() const { return initial_model(settings, tokens); }
  Fit fit() { return fit(start()); }
  Fit fit(InitialModel model) {
    return Fit(settings, train, validation, context, std::move(model), dir.path("scratch"));
  }
};

}  // namespace recvae::test
