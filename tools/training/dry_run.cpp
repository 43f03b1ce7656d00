#include "dry_run.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "command_line.h"
#include "recvae/run.h"

namespace recvae::tools {
namespace {

constexpr double kLongEnough = 2;  // seconds of steps that tell the time of one
constexpr int kMostSteps = 20;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Seconds of a step of a phase, the median of a few.
double step_seconds(Fit& fit, Trainer::Phase phase) {
  Trainer& trainer = fit.trainer();
  std::vector<double> times;
  const auto start = std::chrono::steady_clock::now();
  while (times.empty() || (std::ssize(times) < kMostSteps && seconds_since(start) < kLongEnough)) {
    Trainer::State at;
    at.phase = phase;
    trainer.restore(at);  // each is the first of a pass: the users are the same or others, but as many
    const auto begin = std::chrono::steady_clock::now();
    trainer.step();
    times.push_back(seconds_since(begin));
    if (stop_requested()) throw data::Stopped();
  }
  std::nth_element(times.begin(), times.begin() + std::ssize(times) / 2, times.end());
  return times[times.size() / 2];
}

std::string duration(double seconds) {
  if (seconds < 100) return formatted("%.*f s", seconds < 10 ? 2 : 0, seconds);
  if (seconds < 6000) return formatted("%.0f min", seconds / 60);
  return formatted("%.1f h", seconds / 3600);
}

std::string bytes_text(double bytes) { return formatted("%.*f MB", bytes < 1e7 ? 1 : 0, bytes / 1e6); }

}  // namespace

void dry_run(Fit& fit, double building, const std::string& out) {
  const Settings& s = fit.settings();
  const std::int64_t whole = (fit.train().rows() - 1) / s.train_batch_size + 1;
  const auto batches = static_cast<double>(whole);
  const double encoder =
      batches * static_cast<double>(s.alternating ? s.n_enc_epochs : 1) * step_seconds(fit, Trainer::Phase::encoder);
  const double decoder =
      s.alternating ? batches * static_cast<double>(s.n_dec_epochs) * step_seconds(fit, Trainer::Phase::decoder) : 0;
  const double refresh = s.prior_update == "epoch" ? building : 0;
  const auto start = std::chrono::steady_clock::now();
  const double evaluations = fit.chooses() ? 1.0 / static_cast<double>(s.eval_step) : 0;
  if (fit.chooses()) fit.validate();
  const double validation = evaluations * seconds_since(start), epoch = encoder + refresh + decoder + validation;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  log_info("memory: " + bytes_text(1024.0 * static_cast<double>(usage.ru_maxrss)) + " at its peak, measured here");

  const auto [model, moments] = file_bytes(fit.model());
  std::filesystem::path folder = std::filesystem::absolute(out);
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  const auto space = std::filesystem::space(folder, error);
  const double most = 5 * model + 3 * moments;
  log_info("disk: " + bytes_text(model) + " for the model, up to " + bytes_text(most) + " with checkpoints" +
           (error ? "" : ", of " + bytes_text(static_cast<double>(space.available)) + " free"));
  if (!error && static_cast<double>(space.available) < most)
    log_warning("the disk of " + folder.string() + " has not so much space");

  const double epochs = static_cast<double>(s.epochs);
  log_info("time: " + duration(epoch) + " an epoch (encoder passes " + duration(encoder) + ", posterior " +
           duration(refresh) + ", decoder passes " + duration(decoder) + ", validation " + duration(validation) +
           "), " + duration(epochs * epoch) + " for " + std::to_string(s.epochs) + (s.stopping_step ? " at most" : ""));
}

}  // namespace recvae::tools
