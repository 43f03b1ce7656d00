#include "training_run.h"

#include <algorithm>
#include <chrono>

#include "autodiff/kernels/blas.h"
#include "autodiff/kernels/loops.h"
#include "command_line.h"
#include "data_summary.h"
#include "progress.h"

namespace recvae::tools {
namespace {

/// What the log says of an epoch.
std::string describe(const FitEpoch& epoch, const Fit& fit) {
  const EpochReport& r = epoch.report;
  std::string valid;
  if (epoch.valid) {
    valid = formatted("  %s %.4f", fit.valid_metric().label().c_str(), fit.valid_value(epoch));
    valid += epoch.best || !fit.state().best ? " *"
                                             : formatted(" (best %.4f, epoch %lld)", *fit.state().best,
                                                         static_cast<long long>(fit.state().best_epoch));
  }
  return formatted("epoch %lld/%lld  loss %.3f  mll %.3f  kld %.3f%s  %.2f s, %s users/s",
                   static_cast<long long>(r.epoch), static_cast<long long>(fit.settings().epochs), r.train_loss(),
                   r.train_mll, r.train_kld, valid.c_str(), r.seconds(), with_thousands(r.users_per_second).c_str());
}

/// The bar of an epoch.
class Bar {
 public:
  explicit Bar(Fit& fit) : fit_(fit), first_(fit.state().epochs) { begin(); }

  void begin() {
    const Settings& s = fit_.settings();
    const std::int64_t passes = s.alternating ? s.n_enc_epochs + s.n_dec_epochs : 1;
    const std::int64_t ended = fit_.state().epochs;
    std::string label = "epoch " + std::to_string(ended + 1) + "/" + std::to_string(s.epochs);
    if (ended > first_) {  // of the run, by its epochs so far
      const double each =
          std::chrono::duration<double>(Clock::now() - start_).count() / static_cast<double>(ended - first_);
      const auto left = static_cast<long long>(each * static_cast<double>(s.epochs - ended));
      label += formatted(", %lld:%02lld to go", left / 60, left % 60);
    }
    bar_.emplace(label, passes * fit_.train().rows(), "users");
    if (const std::int64_t visits = fit_.trainer().state().visits) bar_->advance(visits);  // of a run that goes on
  }
  void end() { bar_.reset(); }
  void advance() {
    const Trainer::State& at = fit_.trainer().state();
    const std::int64_t batch = std::min(fit_.settings().train_batch_size, fit_.train().rows());
    if (at.phase == Trainer::Phase::refresh) return;
    const double users = static_cast<double>(std::max<std::int64_t>(1, at.batch * batch));
    std::string terms = formatted("  mll %.1f", at.mll / users);
    if (at.phase == Trainer::Phase::encoder) terms += formatted("  kld %.1f", at.kld / users);
    bar_->advance(batch, at.batch > 0 ? terms : "");
  }

 private:
  using Clock = std::chrono::steady_clock;
  Fit& fit_;
  std::int64_t first_;  // epochs that were behind it at the start
  Clock::time_point start_ = Clock::now();
  std::optional<Progress> bar_;
};

void log_end(const Run& run, const Fit& fit) {
  const Fit::State& state = fit.state();
  if (fit.stopped_early())
    log_info("no improvement in " + std::to_string(state.without_gain) + " evaluations: stopped");
  else if (fit.chooses() && state.best_epoch == state.epochs)
    log_info("the best epoch is the last one: it may pay to train longer, with --resume and more --epochs");
  if (run.checkpoints_written() > 0) {
    log_info(formatted("checkpoints: %lld written, %.1f %% of the time",
                       static_cast<long long>(run.checkpoints_written()),
                       100 * run.checkpoint_seconds() / std::max(1e-9, run.seconds())));
  }
}

}  // namespace

std::string engine_identity() {
  return "recvae " + version() + ", " + ad::blas::description() + ", loops of level " +
         ad::kernels::name(ad::kernels::level());
}

std::optional<Checkpoint> last_checkpoint(const std::string& directory, const RunIdentity& identity,
                                          std::int64_t wanted) {
  std::optional<Checkpoint> last = Checkpoints(directory).last(log_warning);
  if (!last) return last;
  std::string changed;
  for (const std::string& name : differences(last->identity(), identity))
    changed += (changed.empty() ? "" : ", ") + name;
  if (!changed.empty())
    throw data::DataError(directory + ": the run cannot go on, as since its checkpoint has changed: " + changed);
  // An epoch that was not to be the last has not been evaluated and kept as the last one is.
  const std::int64_t epochs = last->state().epochs,
                     least = settings_from_json(last->identity().settings).epochs > epochs ? epochs + 1 : epochs;
  if (wanted < least) {
    throw data::DataError(directory + ": expected epochs from " + std::to_string(least) + " on, as the run has " +
                          std::to_string(epochs) + " behind it, found " + std::to_string(wanted));
  }
  if (last->identity().engine != identity.engine) {
    log_warning("the run so far was of " + last->identity().engine + ", now it is of " + identity.engine +
                ": it goes on, but perhaps not to the same bits");
  }
  log_info("going on after epoch " + std::to_string(last->state().epochs) + " of " + directory);
  return last;
}

void run_shown(Run& run, Fit& fit, const std::string& label, const std::function<void()>& on_files,
               const std::function<void()>& on_stop) {
  if (fit.finished()) return log_end(run, fit);
  Bar bar(fit);
  std::int64_t written = 0;
  try {
    run.run([&](const FitEpoch* ended) {
      if (ended) bar.end();
      if (ended || run.checkpoints_written() > written) on_files();
      written = run.checkpoints_written();
      if (ended) {
        log_info(label + describe(*ended, fit));
        if (!fit.finished()) bar.begin();
      } else {
        bar.advance();
      }
      return !stop_requested();
    });
  } catch (const ad::Error& error) {
    bar.end();
    if (stop_requested()) log_warning(std::string("no checkpoint could be written: ") + error.what());
    throw;
  }
  bar.end();
  if (stop_requested()) {
    on_stop();
    throw data::Stopped();
  }
  log_end(run, fit);
}

}  // namespace recvae::tools
