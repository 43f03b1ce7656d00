#include "settings.h"

#include <cmath>

#include "evaluate/metrics.h"
#include "json_value.h"

namespace recvae {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& expected) {
  throw data::UsageError(name + ": expected " + expected);
}

void one_of(const std::string& name, const std::string& value, std::initializer_list<const char*> known) {
  std::string list;
  for (const char* k : known) {
    if (value == k) return;
    list += (list.empty() ? "" : ", ") + std::string(k);
  }
  refuse(name, "one of " + list + ", found " + data::excerpt(value));
}

}  // namespace

bool has_kl(const Settings& settings) { return settings.encoder != "multdae"; }

bool has_old_posterior(const Settings& settings) { return has_kl(settings) && settings.prior != "standard"; }

void validate(const Settings& s) {
  const auto positive = [](const char* name, std::int64_t v) {
    if (v < 1 || v > 1'000'000'000) refuse(name, "a positive integer, found " + std::to_string(v));
  };
  positive("hidden_dimension", s.hidden_dimension);
  positive("latent_dimension", s.latent_dimension);
  positive("n_enc_epochs", s.n_enc_epochs);
  positive("n_dec_epochs", s.n_dec_epochs);
  positive("epochs", s.epochs);
  positive("train_batch_size", s.train_batch_size);
  positive("eval_batch_size", s.eval_batch_size);
  positive("eval_step", s.eval_step);
  if (s.seed < 0) refuse("seed", "an integer from 0 on, found " + std::to_string(s.seed));
  if (s.stopping_step && *s.stopping_step < 0) refuse("stopping_step", "none or an integer from 0 on");
  const auto rate = [](const char* name, double v) {
    if (!(v >= 0 && v < 1)) refuse(name, "a number in [0, 1)");
  };
  rate("dropout_prob", s.dropout_prob);
  rate("decoder_dropout_prob", s.decoder_dropout_prob);
  const auto count = [](const char* name, std::int64_t v, std::int64_t most) {
    if (v < 0 || v > most)
      refuse(name, "an integer from 0 to " + std::to_string(most) + ", found " + std::to_string(v));
  };
  count("total_anneal_steps", s.total_anneal_steps, 1'000'000'000);
  count("implicit_slim", s.implicit_slim, 1'000'000'000);
  count("implicit_slim_threshold", s.implicit_slim_threshold.value_or(0), 1'000'000'000);
  const auto moderate = [](const char* name, double v) {  // far outside, embeddings would become 0 or overflow
    if (!(v >= 1e-6 && v <= 1e9)) refuse(name, "a number from 1e-6 to 1e9");
  };
  moderate("implicit_slim_lambda", s.implicit_slim_lambda);
  moderate("implicit_slim_alpha", s.implicit_slim_alpha);
  count("selection_decimals", s.selection_decimals.value_or(0), 15);
  const auto not_negative = [](const char* name, double v) {
    if (!(v >= 0) || std::isinf(v)) refuse(name, "a finite number from 0 on");
  };
  not_negative("beta", s.beta);
  not_negative("gamma", s.gamma);
  not_negative("epsilon_std", s.epsilon_std);
  not_negative("learning_rate", s.learning_rate);
  not_negative("weight_decay", s.weight_decay);
  if (!std::isnormal(static_cast<float>(s.layer_norm_eps)) || s.layer_norm_eps < 0)
    refuse("layer_norm_eps", "a positive finite number, also as a float (from 1.2e-38 on)");
  if (s.clip_grad_norm && (!(*s.clip_grad_norm > 0) || std::isinf(*s.clip_grad_norm))) {
    refuse("clip_grad_norm", "none or a positive finite number");
  }
  double sum = 0;
  bool fine = s.mixture_weights.size() == 3;
  for (double w : s.mixture_weights) {
    fine = fine && w >= 0;
    sum += w;
  }
  if (!fine || !(std::abs(sum - 1) <= 1e-6)) refuse("mixture_weights", "three numbers from 0 on that sum to 1");
  one_of("init", s.init, {"torch", "xavier_normal", "xavier_uniform"});
  one_of("encoder", s.encoder, {"recvae", "multvae", "multdae"});
  one_of("decoder", s.decoder, {"linear", "multvae"});
  one_of("prior", s.prior, {"composite", "standard", "old_posterior"});
  one_of("prior_update", s.prior_update, {"epoch", "never"});
  one_of("prior_init", s.prior_init, {"random", "encoder"});
  one_of("selection_ties", s.selection_ties, {"first", "last"});
  if (s.recall_denominator) one_of("recall_denominator", *s.recall_denominator, {"min", "all"});
  if (s.tail_ratio && !std::isfinite(*s.tail_ratio)) refuse("tail_ratio", "none or a finite number");
  for (const std::int64_t k : s.topk) positive("topk", k);
  parse_metrics(s.metrics, s.topk);
  try {
    parse_metrics({s.valid_metric}, {});
  } catch (const data::UsageError& e) {
    throw data::UsageError("valid_metric: " + std::string(e.what()));
  }
}

std::string to_json(const Settings& settings) {
  nlohmann::ordered_json j;
  Settings::visit([&](const char* name, const char*, const auto& value) { j[name] = to_json_value(value); }, settings);
  return j.dump();
}

Settings settings_from_json(const std::string& text, Settings settings) {
  const nlohmann::json j = parse_settings(text);
  Settings::visit([&](const char* name, const char*, auto& value) { take_setting(j, name, value); }, settings);
  return settings;
}

}  // namespace recvae
