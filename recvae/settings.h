// Every setting of a model and its training, named as on the command line.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../autodiff/kernels/api.h"

namespace recvae {

/// The defaults are the preset `paper`: the authors' code (branch master) with the paper's settings.
struct Settings {
  ///@{
  /// As on the command line, and in RecBole: visit() says what it means.
  std::int64_t hidden_dimension = 600;
  std::int64_t latent_dimension = 200;
  double dropout_prob = 0.5;
  double beta = 0.2;
  double gamma = 0.005;
  std::vector<double> mixture_weights = {0.15, 0.75, 0.1};
  double epsilon_std = 1;
  double layer_norm_eps = 0.1;
  std::string init = "torch";
  std::string encoder = "recvae";
  std::string decoder = "linear";
  std::string prior = "composite";
  std::int64_t total_anneal_steps = 0;

  bool alternating = true;
  std::int64_t n_enc_epochs = 3;
  std::int64_t n_dec_epochs = 1;
  std::string prior_update = "epoch";
  std::string prior_init = "random";
  double decoder_dropout_prob = 0;
  std::int64_t implicit_slim = 0;
  double implicit_slim_lambda = 50;
  double implicit_slim_alpha = 1;
  std::optional<std::int64_t> implicit_slim_threshold;

  std::int64_t epochs = 50;
  std::int64_t train_batch_size = 500;
  std::int64_t eval_batch_size = 500;
  double learning_rate = 5e-4;
  double weight_decay = 0;
  std::optional<double> clip_grad_norm;
  bool shuffle = true;
  bool include_padding_user = false;
  std::int64_t seed = 1337;

  std::optional<std::int64_t> stopping_step;
  std::int64_t eval_step = 1;
  std::string valid_metric = "ndcg@100";
  std::string selection_ties = "first";
  std::optional<std::int64_t> selection_decimals;
  std::vector<std::string> metrics = {"ndcg@100", "recall@20", "recall@50"};
  std::vector<std::int64_t> topk = {20, 50, 100};
  std::optional<std::string> recall_denominator;
  std::optional<double> tail_ratio;
  ///@}

  /// Calls f(name, help, member of each of `s`...) for each setting, in the order of --help.
  template <class F, class... S>
  static void visit(F&& f, S&... s) {
    f("hidden_dimension", "width of the encoder's hidden layers", s.hidden_dimension...);
    f("latent_dimension", "width of the latent code", s.latent_dimension...);
    f("dropout_prob", "share of a user's items dropped in encoder passes, in [0, 1)", s.dropout_prob...);
    f("beta", "KL weight of every user; used when gamma is 0", s.beta...);
    f("total_anneal_steps", "steps in which beta would grow from 0 to 1, and stays at beta from there on; 0: at once",
      s.total_anneal_steps...);
    f("gamma", "KL weight per interaction of a user; 0: use beta", s.gamma...);
    f("encoder", "recvae; multvae: one hidden layer of tanh; multdae: that, and a code of tanh without noise and KL",
      s.encoder...);
    f("decoder", "linear; multvae: a hidden layer of tanh before it", s.decoder...);
    f("prior", "composite, standard (normal), old_posterior; the latter two with the KL in closed form", s.prior...);
    f("mixture_weights", "composite prior: standard normal, old posterior, wide normal", s.mixture_weights...);
    f("epsilon_std", "standard deviation of the noise of z (RecBole: 0.01)", s.epsilon_std...);
    f("layer_norm_eps", "epsilon of the layer norms (wsdm: 1e-5)", s.layer_norm_eps...);
    f("init", "fresh weights: torch, xavier_normal, xavier_uniform", s.init...);
    f("alternating", "false: one joint pass with dropout per epoch", s.alternating...);
    f("n_enc_epochs", "encoder passes per epoch", s.n_enc_epochs...);
    f("n_dec_epochs", "decoder passes per epoch", s.n_dec_epochs...);
    f("decoder_dropout_prob", "share of a user's items dropped in decoder passes, in [0, 1)",
      s.decoder_dropout_prob...);
    f("implicit_slim", "at the first epoch, and then every so many, item embeddings are ImplicitSLIM's; 0: never",
      s.implicit_slim...);
    f("implicit_slim_lambda", "of ImplicitSLIM: regularisation of the item-item weights, 1e-6 to 1e9",
      s.implicit_slim_lambda...);
    f("implicit_slim_alpha", "of ImplicitSLIM: how freely it changes an embedding's size, 1e-6 to 1e9",
      s.implicit_slim_alpha...);
    f("implicit_slim_threshold",
      "of ImplicitSLIM: items with fewer users lend their embedding to nobody; none: as many as leave 85 % of "
      "all interactions",
      s.implicit_slim_threshold...);
    f("prior_update", "the old posterior becomes the encoder's: epoch, never", s.prior_update...);
    f("prior_init", "the old posterior before its first update: random, encoder", s.prior_init...);
    f("epochs", "outer epochs, each of all encoder and decoder passes", s.epochs...);
    f("train_batch_size", "users per training step", s.train_batch_size...);
    f("eval_batch_size", "accepted; changes nothing", s.eval_batch_size...);
    f("learning_rate", "Adam's learning rate", s.learning_rate...);
    f("weight_decay", "L2, added to the gradient", s.weight_decay...);
    f("clip_grad_norm", "largest joint norm of a step's gradients, or none", s.clip_grad_norm...);
    f("shuffle", "false: users in ascending order", s.shuffle...);
    f("include_padding_user",
      "a user without items is trained on, too, and counts in the means of a batch (RecBole: true)",
      s.include_padding_user...);
    f("seed", "seed of weights, order, dropout and noise", s.seed...);
    f("stopping_step", "stop after more than so many evaluations without improvement, or none", s.stopping_step...);
    f("eval_step", "epochs between evaluations", s.eval_step...);
    f("valid_metric", "metric that chooses the best epoch", s.valid_metric...);
    f("selection_ties", "which of equally good epochs is the best: first, last (RecBole: last)", s.selection_ties...);
    f("selection_decimals", "decimals of valid_metric that count, or none: all (RecBole: 4)", s.selection_decimals...);
    f("metrics", "metrics; one without its own cutoff is crossed with topk", s.metrics...);
    f("topk", "cutoffs", s.topk...);
    f("recall_denominator", "min(k, n) or all n of a user's targets; none: min under a strong split, else all",
      s.recall_denominator...);
    f("tail_ratio", "of tailpercentage: share of the items that are tail; above 1: their most users; none: 0.1",
      s.tail_ratio...);
  }
};

/// What the settings are worth beside what they say.
RECVAE_API bool has_kl(const Settings& settings);             ///< is there a posterior with a variance, and a prior?
RECVAE_API bool has_old_posterior(const Settings& settings);  ///< is the old posterior a part of the prior?

/// Throws data::UsageError, naming the setting, for a value that no data could make sense of.
RECVAE_API void validate(const Settings& settings);

/// As a JSON object, for weight files; from_json takes what it finds and leaves the rest as in `defaults`. Throws
/// std::runtime_error, naming the setting, for a value of another type or beyond the range of its own.
RECVAE_API std::string to_json(const Settings& settings);
/// Of such an object.
RECVAE_API Settings settings_from_json(const std::string& text, Settings defaults = {});

}  // namespace recvae
