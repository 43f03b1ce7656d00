// Alternating training (Shenbin et al. 2020, section 3.5) as a machine that takes one step at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "../autodiff/kernels/api.h"
#include "../data/csr.h"
#include "batch.h"
#include "model.h"
#include "settings.h"

namespace recvae {

/// What an outer epoch did; means over the users of its last encoder (or joint) and last decoder pass.
struct EpochReport {
  std::int64_t epoch = 0;             ///< from 1
  double train_mll = 0;               ///< log-likelihood
  double train_kld = 0;               ///< weighted divergence
  std::optional<double> decoder_mll;  ///< none in joint training
  ///@{
  /// What each part took.
  double implicit_slim_seconds = 0, encoder_seconds = 0, refresh_seconds = 0, decoder_seconds = 0;
  ///@}
  double users_per_second = 0;  ///< user visits of all passes

  double train_loss() const { return train_kld - train_mll; }  ///< the mean loss
  /// Of all parts.
  double seconds() const { return implicit_slim_seconds + encoder_seconds + refresh_seconds + decoder_seconds; }
};

/// Trains a model on the rows of `data`, a batch per step(). An outer epoch is n_enc_epochs encoder passes (dropout,
/// decoder frozen), the old posterior's refresh from the encoder, and n_dec_epochs decoder passes
/// (decoder_dropout_prob, encoder untouched); or, not alternating, one pass over both halves and the refresh. A prior
/// without old posterior has no refresh. With implicit_slim K the rows of items of the encoder's first layer and of the
/// decoder are replaced by ImplicitSLIM's (implicit_slim.h) before the first epoch and then after every K, and Adam's
/// moments of these begin anew. All that comes is a function of the settings, the data, the weights, State,
/// Adam's moments and, in the midst of encoder passes, the posterior table.
class RECVAE_API Trainer {
 public:
  /// Of an outer epoch.
  enum class Phase {
    encoder,  ///< or joint
    refresh,  ///< of the old posterior
    decoder   ///< the encoder rests
  };

  /// Where training stands: plain numbers.
  struct State {
    std::int64_t epoch = 1;        ///< from 1
    Phase phase = Phase::encoder;  ///< within the epoch
    std::int64_t pass = 0;         ///< within the phase
    std::int64_t batch = 0;        ///< within the pass
    std::uint64_t passes = 0;      ///< since the beginning: what randomness is drawn by
    std::uint64_t steps = 0;       ///< likewise
    double mll = 0;                ///< sum over the users of the pass so far
    double kld = 0;                ///< likewise
    EpochReport report;            ///< of the epoch so far
    std::int64_t visits = 0;       ///< users seen in this epoch's passes

    /// Calls f(name, member of each of `s`...) for each number.
    template <class F, class... S>
    static void visit(F&& f, S&... s) {
      f("epoch", s.epoch...);
      f("phase", s.phase...);
      f("pass", s.pass...);
      f("batch", s.batch...);
      f("passes", s.passes...);
      f("steps", s.steps...);
      f("mll", s.mll...);
      f("kld", s.kld...);
      f("train_mll", s.report.train_mll...);
      f("train_kld", s.report.train_kld...);
      f("decoder_mll", s.report.decoder_mll...);
      f("implicit_slim_seconds", s.report.implicit_slim_seconds...);
      f("encoder_seconds", s.report.encoder_seconds...);
      f("refresh_seconds", s.report.refresh_seconds...);
      f("decoder_seconds", s.report.decoder_seconds...);
      f("visits", s.visits...);
    }
  };

  /// The model trains in place and must stay where it is; `old_encoder` gives the old posterior until the first refresh
  /// (with prior_update never: throughout) and is not needed after this call. `data` outlives the trainer.
  Trainer(const Settings& settings, const data::Csr& data, RecVae<float>& model, const Encoder<float>& old_encoder);

  /// One batch of a pass, or of the refresh. Returns the report when this step ended an outer epoch. Throws ad::Error
  /// when the loss is no longer finite. Allocates nothing after the first epoch, but for ImplicitSLIM.
  std::optional<EpochReport> step();

  const State& state() const { return state_; }  ///< where training stands
  /// Goes on where another trainer of the same settings and data stood, whose weights the model has. Moments, and the
  /// table unless it follows from the encoder, are the caller's to set. Throws ad::Error for what is no such state.
  void restore(const State& state);

  /// Calls f(path, m, v, steps) for Adam's moments of each parameter of the model, which f may read or set.
  template <class F>
  void for_each_moment(F&& f) {
    encoder_adam_.for_each_state(model_.encoder, f, "encoder");
    decoder_adam_.for_each_state(model_.decoder, f, "decoder");
  }
  /// The old posterior of every user, [users, latent]; without rows where the prior has none.
  ad::Matrix<float> old_mu() { return mu_.view(); }
  ad::Matrix<float> old_logvar() { return logvar_.view(); }  ///< likewise
  /// Is it what the constructor makes of the encoder as it is now, or of one that never changes?
  bool posterior_follows() const;

 private:
  void shuffle_users();
  void begin_pass();
  std::span<const std::int32_t> batch_users() const;
  void encoder_step(double dropout_prob, bool update);
  void decoder_step(double dropout_prob, bool update);
  bool is_slim_due() const;
  void slim();
  bool refresh_batch(const Encoder<float>& encoder);
  void gather_posterior(std::span<const std::int32_t> users);
  void warm_up();
  void draw_noise(ad::Index rows);
  bool end_batch();
  void clip_and_update(bool encoder, bool decoder);
  ad::RandomKey key(std::uint32_t stream, std::uint64_t step) const;

  Settings settings_;
  bool has_old_posterior_;
  Objective objective_;
  const data::Csr& data_;
  RecVae<float>& model_;
  ad::nn::Adam<float> encoder_adam_, decoder_adam_;
  ad::Tape<float> tape_;
  Batch<float> batch_;
  std::vector<std::int32_t> order_;            // of the users in this pass
  ad::Tensor<float> mu_, logvar_;              // posterior table [users, latent]: the old one in encoder passes
  ad::Tensor<float> batch_mu_, batch_logvar_;  // its rows of a batch
  ad::Tensor<float> noise_;
  State state_;
  std::size_t refreshed_ = 0;  // users of the refresh under way: one that is broken off begins anew, to the same table
};

}  // namespace recvae
