#include "presets.h"

#include <iterator>

#include "../data/error.h"

namespace recvae {
namespace {

Settings wsdm() {
  Settings s;
  s.layer_norm_eps = 1e-5;
  s.prior_init = "encoder";
  return s;
}

Settings recbole() {
  Settings s;
  s.epsilon_std = 0.01;
  s.init = "xavier_normal";
  s.include_padding_user = true;
  s.epochs = 300;
  s.train_batch_size = 2048;
  s.eval_batch_size = 4096;
  s.learning_rate = 1e-3;
  s.seed = 2020;
  s.stopping_step = 10;
  s.metrics = {"recall", "mrr", "ndcg", "hit", "precision"};
  s.topk = {10};
  s.valid_metric = "mrr@10";
  s.selection_ties = "last";
  s.selection_decimals = 4;
  return s;
}

Settings multvae() {
  Settings s;
  s.encoder = s.decoder = "multvae";
  s.prior = "standard";
  s.gamma = 0;
  s.total_anneal_steps = 200'000;
  s.alternating = false;
  s.init = "xavier_uniform";
  s.learning_rate = 1e-3;
  s.epochs = 200;
  return s;
}

Settings multdae() {
  Settings s = multvae();
  s.encoder = "multdae";
  s.weight_decay = 2 * 0.01 / 500;  // of 0.01 / batch |w|^2
  return s;
}

constexpr struct {
  const char* name;
  Settings (*settings)();
} kPresets[] = {{"paper", [] { return Settings(); }},
                {"wsdm", wsdm},
                {"recbole", recbole},
                {"multvae", multvae},
                {"multdae", multdae}};

}  // namespace

Settings preset(const std::string& name) {
  std::string names;
  for (const auto& known : kPresets) {
    if (name == known.name) return known.settings();
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  throw data::UsageError("preset: expected one of " + names + ", found " + data::excerpt(name));
}

void take_model(const Settings& from, Settings& to) {
  to.hidden_dimension = from.hidden_dimension;
  to.latent_dimension = from.latent_dimension;
  to.dropout_prob = from.dropout_prob;
  to.encoder = from.encoder;
  to.decoder = from.decoder;
  to.prior = from.prior;
  to.mixture_weights = from.mixture_weights;
  to.layer_norm_eps = from.layer_norm_eps;
  to.beta = from.beta;
  to.gamma = from.gamma;
  to.total_anneal_steps = from.total_anneal_steps;
  to.alternating = from.alternating;
}

}  // namespace recvae
