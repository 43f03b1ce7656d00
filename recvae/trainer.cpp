#include "trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "implicit_slim/implicit_slim.h"

namespace recvae {
namespace {

// Streams of the seed; fresh weights use the small numbers (nn/init.h).
constexpr std::uint32_t kShuffle = 1000, kDropout = 1001, kNoise = 1002;

ad::Matrix<float> first_rows(ad::Tensor<float>& t, ad::Index rows) { return {t.data(), rows, t.cols()}; }

double scalar(ad::Var<float> v) { return static_cast<double>(v.value()(0, 0)); }

Objective objective_of(const Settings& s) {
  const Prior prior = s.prior == "standard"        ? Prior::standard
                      : s.prior == "old_posterior" ? Prior::old_posterior
                                                   : Prior::composite;
  return {prior, s.gamma, s.beta, {s.mixture_weights[0], s.mixture_weights[1], s.mixture_weights[2]}};
}

}  // namespace

Trainer::Trainer(const Settings& settings, const data::Csr& data, RecVae<float>& model,
                 const Encoder<float>& old_encoder)
    : settings_(settings),
      has_old_posterior_(has_old_posterior(settings)),
      objective_(objective_of(settings)),
      data_(data),
      model_(model),
      encoder_adam_({.learning_rate = settings.learning_rate, .weight_decay = settings.weight_decay}),
      decoder_adam_(encoder_adam_),
      batch_(data),
      order_(static_cast<std::size_t>(data.rows())),
      mu_(has_old_posterior_ ? data.rows() : 0, model.latent()),
      logvar_(mu_.rows(), model.latent()) {
  if (data.rows() == 0) throw ad::Error("training: there are no users");
  const ad::Index largest = std::min<ad::Index>(settings.train_batch_size, data.rows());
  batch_.reserve(largest);
  batch_mu_ = batch_logvar_ = noise_ = ad::Tensor<float>(largest, model.latent());
  while (has_old_posterior_ && !refresh_batch(old_encoder)) {
  }
  warm_up();
}

ad::RandomKey Trainer::key(std::uint32_t stream, std::uint64_t step) const {
  return {.seed = static_cast<std::uint64_t>(settings_.seed), .stream = stream, .step = step};
}

bool Trainer::is_slim_due() const {
  return settings_.implicit_slim > 0 && state_.phase == Phase::encoder && state_.pass == 0 && state_.batch == 0 &&
         (state_.epoch - 1) % settings_.implicit_slim == 0;
}

// Before the first batch of an epoch, so that a checkpoint between epochs goes on with it.
void Trainer::slim() {
  const ImplicitSlimOptions options{settings_.implicit_slim_lambda, settings_.implicit_slim_alpha,
                                    settings_.implicit_slim_threshold};
  implicit_slim<float>(data_, options, model_.encoder.fc1.weight.value);
  implicit_slim<float>(data_, options, model_.decoder.weight.value);
  // What was learned of other embeddings' gradients misleads: these begin anew, as in the first step.
  const auto forget = [](const std::string&, ad::Matrix<float> m, ad::Matrix<float> v, std::int64_t& steps) {
    std::ranges::fill(m.span(), 0.0f);
    std::ranges::fill(v.span(), 0.0f);
    steps = 0;
  };
  encoder_adam_.for_each_state(model_.encoder.fc1.weight, forget);
  decoder_adam_.for_each_state(model_.decoder.weight, forget);
}

// Runs both phases once on the heaviest batch, without an update: every buffer then has its final size.
void Trainer::warm_up() {
  std::iota(order_.begin(), order_.end(), 0);
  const auto heavier = [&](std::int32_t a, std::int32_t b) { return data_.row(a).size() > data_.row(b).size(); };
  std::stable_sort(order_.begin(), order_.end(), heavier);
  // The smallest rate keeps every entry and still takes the path of dropout.
  const auto smallest = [](double rate) { return rate > 0 ? std::numeric_limits<double>::min() : 0; };
  encoder_step(smallest(settings_.dropout_prob), false);
  if (settings_.alternating) decoder_step(smallest(settings_.decoder_dropout_prob), false);
  state_ = {};
}

// The order of a pass is a function of the seed and of the passes before it.
void Trainer::shuffle_users() {
  std::iota(order_.begin(), order_.end(), 0);
  if (settings_.shuffle) {
    for (std::size_t i = order_.size(); i-- > 1;) {  // Fisher-Yates
      const auto words = ad::philox(key(kShuffle, state_.passes), i);
      const std::uint64_t random = std::uint64_t{words[0]} << 32 | words[1];
      std::swap(order_[i], order_[static_cast<std::size_t>(random % (i + 1))]);
    }
  }
}

void Trainer::begin_pass() {
  shuffle_users();
  state_.mll = state_.kld = 0;
}

bool Trainer::posterior_follows() const {
  if (!has_old_posterior_ || settings_.prior_update != "epoch" || state_.phase != Phase::encoder) return true;
  return state_.epoch > 1 && state_.pass == 0 && state_.batch == 0;
}

void Trainer::restore(const State& s) {
  const std::int64_t encoder_passes = settings_.alternating ? settings_.n_enc_epochs : 1;
  const bool between = s.phase == Phase::refresh;
  const std::int64_t passes = s.phase == Phase::decoder ? settings_.n_dec_epochs : encoder_passes + between;
  const std::int64_t batches = (data_.rows() - 1) / settings_.train_batch_size + 1;
  const bool sound = s.epoch >= 1 && s.pass >= 0 && s.pass < passes && s.batch >= 0 &&
                     s.batch < (between ? 1 : batches) && s.visits >= 0 && std::isfinite(s.mll) &&
                     std::isfinite(s.kld) && (settings_.alternating || s.phase != Phase::decoder);
  if (!sound) throw ad::Error("the training state is not one of these settings and data");
  state_ = s;
  refreshed_ = 0;
  if (s.batch > 0) shuffle_users();
}

std::span<const std::int32_t> Trainer::batch_users() const {
  const auto size = static_cast<std::size_t>(settings_.train_batch_size);
  const std::size_t begin = static_cast<std::size_t>(state_.batch) * size;
  return {order_.data() + begin, std::min(size, order_.size() - begin)};
}

void Trainer::gather_posterior(std::span<const std::int32_t> users) {
  const ad::Index latent = mu_.cols();
  for (std::size_t k = 0; k < users.size(); ++k) {
    const auto to = static_cast<ad::Index>(k) * latent, from = users[k] * latent;
    std::copy_n(mu_.data() + from, latent, batch_mu_.data() + to);
    std::copy_n(logvar_.data() + from, latent, batch_logvar_.data() + to);
  }
}

// The posterior of every user's whole row under `encoder`, into the table: the old one of the next encoder passes and,
// as the encoder rests meanwhile, the one that decoder passes sample from. The next batch of it; was that the last one?
bool Trainer::refresh_batch(const Encoder<float>& encoder) {
  const auto no_grad = tape_.no_grad();
  if (refreshed_ == 0) std::iota(order_.begin(), order_.end(), 0);
  const auto size = static_cast<std::size_t>(settings_.train_batch_size);
  const std::span<const std::int32_t> users(order_.data() + refreshed_, std::min(size, order_.size() - refreshed_));
  batch_.gather(users);
  const Posterior<float> q = encoder(tape_, batch_.normalised());
  const auto at = static_cast<ad::Index>(refreshed_) * mu_.cols();
  std::ranges::copy(q.mu.value().span(), mu_.data() + at);
  std::ranges::copy(q.logvar.value().span(), logvar_.data() + at);
  tape_.reset();
  refreshed_ += users.size();
  if (refreshed_ < order_.size()) return false;
  refreshed_ = 0;
  return true;
}

void Trainer::clip_and_update(bool encoder, bool decoder) {
  if (settings_.clip_grad_norm) ad::nn::clip_grad_norm(model_, tape_, *settings_.clip_grad_norm);
  if (encoder) encoder_adam_.step(model_.encoder, tape_);
  if (decoder) decoder_adam_.step(model_.decoder, tape_);
}

void Trainer::encoder_step(double dropout_prob, bool update) {
  ad::nn::set_trainable(model_.encoder, true);
  ad::nn::set_trainable(model_.decoder, !settings_.alternating);
  const std::span<const std::int32_t> users = batch_users();
  batch_.gather(users);
  if (has_old_posterior_) gather_posterior(users);
  const ad::Index rows = batch_.rows();
  draw_noise(rows);
  if (settings_.total_anneal_steps > 0) {  // Liang et al. 2018, section 2.2.2
    const double part = static_cast<double>(state_.steps) / static_cast<double>(settings_.total_anneal_steps);
    objective_.beta = std::min(settings_.beta, part);
  }
  const ad::CsrView<float> input = ad::dropout(tape_, batch_.normalised(), dropout_prob, key(kDropout, state_.steps));
  const Loss<float> l = loss<float>(tape_, model_, batch_.x(), input, first_rows(noise_, rows),
                                    first_rows(batch_mu_, rows), first_rows(batch_logvar_, rows), objective_);
  state_.mll += scalar(l.mll) * static_cast<double>(rows);
  state_.kld += scalar(l.kld) * static_cast<double>(rows);
  tape_.backward(l.loss);
  if (update) clip_and_update(true, !settings_.alternating);
  tape_.reset();
}

void Trainer::draw_noise(ad::Index rows) {
  ad::fill_normal(first_rows(noise_, rows), settings_.epsilon_std, key(kNoise, state_.steps));
}

void Trainer::decoder_step(double dropout_prob, bool update) {
  ad::nn::set_trainable(model_.encoder, false);
  ad::nn::set_trainable(model_.decoder, true);
  const std::span<const std::int32_t> users = batch_users();
  batch_.gather(users);
  const ad::Index rows = batch_.rows();
  Posterior<float> q;
  if (has_old_posterior_ && settings_.prior_update == "epoch" && dropout_prob == 0) {
    gather_posterior(users);
    q = {tape_.reference(first_rows(batch_mu_, rows)), tape_.reference(first_rows(batch_logvar_, rows))};
  } else {  // the table, if there is one, holds another posterior
    q = model_.encoder(tape_, ad::dropout(tape_, batch_.normalised(), dropout_prob, key(kDropout, state_.steps)));
  }
  ad::Var<float> z = q.mu;
  if (model_.encoder.kind != EncoderKind::multdae) {
    draw_noise(rows);
    z = ad::reparameterise(q.mu, q.logvar, ad::ConstMatrix<float>(first_rows(noise_, rows)));
  }
  const ad::Var<float> mll = mean_log_likelihood(model_, z, batch_.x());
  state_.mll += scalar(mll) * static_cast<double>(rows);
  tape_.backward(-mll);
  if (update) clip_and_update(false, true);
  tape_.reset();
}

/// Moves on to the next batch; true when that ended the pass.
bool Trainer::end_batch() {
  if (!std::isfinite(state_.mll) || !std::isfinite(state_.kld)) {
    throw ad::Error("training diverged: the loss is not finite in epoch " + std::to_string(state_.epoch) +
                    (state_.phase == Phase::encoder ? ", encoder pass " : ", decoder pass ") +
                    std::to_string(state_.pass + 1) + ", batch " + std::to_string(state_.batch + 1) +
                    "; try a smaller learning_rate, or clip_grad_norm");
  }
  ++state_.steps;
  ++state_.batch;
  if (state_.batch * settings_.train_batch_size < data_.rows()) return false;
  state_.batch = 0;
  ++state_.passes;
  ++state_.pass;
  state_.visits += data_.rows();
  return true;
}

std::optional<EpochReport> Trainer::step() {
  using Clock = std::chrono::steady_clock;
  auto start = Clock::now();
  const auto lap = [&] {
    return std::chrono::duration<double>(Clock::now() - std::exchange(start, Clock::now())).count();
  };
  if (state_.batch == 0 && state_.phase != Phase::refresh) begin_pass();
  const double users = static_cast<double>(data_.rows());
  EpochReport& report = state_.report;
  double* seconds = nullptr;  // of the phase
  bool epoch_ended = false;
  if (is_slim_due()) {
    slim();
    report.implicit_slim_seconds = lap();
  }
  switch (state_.phase) {
    case Phase::encoder:
      seconds = &report.encoder_seconds;
      encoder_step(settings_.dropout_prob, true);
      if (end_batch()) {
        report.train_mll = state_.mll / users;
        report.train_kld = state_.kld / users;
        if (state_.pass == (settings_.alternating ? settings_.n_enc_epochs : 1)) state_.phase = Phase::refresh;
      }
      break;
    case Phase::refresh:
      seconds = &report.refresh_seconds;
      if (has_old_posterior_ && settings_.prior_update == "epoch" && !refresh_batch(model_.encoder)) break;
      state_.pass = 0;
      state_.phase = Phase::decoder;
      epoch_ended = !settings_.alternating;
      break;
    case Phase::decoder:
      seconds = &report.decoder_seconds;
      decoder_step(settings_.decoder_dropout_prob, true);
      if (end_batch()) {
        report.decoder_mll = state_.mll / users;
        epoch_ended = state_.pass == settings_.n_dec_epochs;
      }
      break;
  }
  *seconds += lap();
  if (!epoch_ended) return std::nullopt;
  EpochReport done = state_.report;
  done.epoch = state_.epoch++;
  done.users_per_second = static_cast<double>(state_.visits) / done.seconds();
  state_.phase = Phase::encoder;
  state_.pass = 0;
  state_.visits = 0;
  state_.report = {};
  return done;
}

}  // namespace recvae
