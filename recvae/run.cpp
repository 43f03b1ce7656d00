#include "run.h"

#include <nlohmann/json.hpp>

#include "../nn/atomic_file.h"

namespace recvae {
namespace {

constexpr double kMostOfTime = 0.03;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::string epoch_record(const FitEpoch& epoch, const std::vector<Metric>& metrics, double writing_seconds) {
  const EpochReport& r = epoch.report;
  nlohmann::ordered_json j;
  j["epoch"] = r.epoch;
  j["train_loss"] = r.train_loss();
  j["train_mll"] = r.train_mll;
  j["train_kld"] = r.train_kld;
  j["decoder_mll"] = r.decoder_mll ? nlohmann::ordered_json(*r.decoder_mll) : nlohmann::ordered_json(nullptr);
  j["valid"] = nullptr;
  for (std::size_t m = 0; epoch.valid && m < metrics.size(); ++m)
    j["valid"][metrics[m].label()] = epoch.valid->means[m];
  j["seconds"] = r.seconds();
  j["valid_seconds"] = epoch.valid_seconds;
  j["users_per_second"] = r.users_per_second;
  if (r.implicit_slim_seconds > 0) j["implicit_slim_seconds"] = r.implicit_slim_seconds;
  j["encoder_seconds"] = r.encoder_seconds;
  j["refresh_seconds"] = r.refresh_seconds;
  j["decoder_seconds"] = r.decoder_seconds;
  j["checkpoint_seconds"] = writing_seconds;
  return j.dump();
}

FileBytes file_bytes(const RecVae<float>& model) {
  const auto encoder = static_cast<double>(ad::nn::parameter_count(model.encoder)),
             decoder = static_cast<double>(ad::nn::parameter_count(model.decoder));
  return {sizeof(float) * (2 * encoder + decoder), sizeof(float) * 2 * (encoder + decoder)};
}

Run::Run(Fit& fit, const ModelMetadata& metadata, const RunIdentity& identity, std::string directory,
         CheckpointPlan plan)
    : fit_(fit),
      metadata_(metadata),
      identity_(identity),
      directory_(std::move(directory)),
      plan_(plan),
      checkpoints_(directory_),
      bytes_(file_bytes(fit.model())) {}

void Run::move_to(const std::string& directory) {
  directory_ = directory;
  checkpoints_.move_to(directory);
  if (best_) best_->path = file("model.safetensors");
}

double Run::seconds() const { return seconds_since(start_); }

void Run::resume(const Checkpoint& from) {
  from.restore(fit_);
  log_ = from.log();
  resumed_ = true;
  ad::nn::write_file(file("metrics.jsonl"), log_);
  if (const std::optional<WrittenFile>& best = from.best()) {
    best_ = {file("model.safetensors"), best->checksum};
    link_or_copy(best->path, best_->path);
  }
}

// Where f throws, what was good before, when training had not diverged, say, is written.
template <class F>
auto Run::or_save_best(const F& f) {
  try {
    return f();
  } catch (...) {
    try {
      save_best();
    } catch (const ad::Error&) {  // the first error is the one to be told
    }
    throw;
  }
}

void Run::run(const Fit::Callback& callback) {
  start_ = last_ = Clock::now();
  while (!fit_.finished()) {
    std::optional<FitEpoch> ended = step();
    while (fit_.is_evaluating()) ended = step();
    if (!or_save_best([&] { return callback(ended ? &*ended : nullptr); })) return stop();
  }
}

std::optional<FitEpoch> Run::step() {
  // The next step changes the weights.
  if (best_is_here_ && !best_is_written_ && fit_.chooses()) best_copy_ = std::make_unique<RecVae<float>>(fit_.model());
  best_is_here_ = is_written_ = false;
  return or_save_best([&] {
    std::optional<FitEpoch> ended = fit_.step();
    if (ended) end_epoch(*ended);
    if (!ended && !fit_.is_evaluating() && is_due_within_epoch()) write_checkpoint();
    return ended;
  });
}

void Run::stop() {
  while (fit_.is_evaluating()) step();  // an epoch whose evaluation is lost would have to be trained again
  if (!is_written_) write_checkpoint();
}

void Run::end_epoch(const FitEpoch& epoch) {
  const std::string line = epoch_record(epoch, fit_.metrics(), writing_seconds_) + "\n";
  writing_seconds_ = 0;
  log_ += line;
  if (epoch.best) {
    best_is_here_ = true;
    best_is_written_ = false;
    best_copy_.reset();
  }
  if (fit_.finished() || is_affordable()) write_checkpoint();
  // A run that begins anew where one was killed before its first checkpoint begins its log anew.
  if (!log_file_.is_open()) log_file_.open(file("metrics.jsonl"), resumed_ ? std::ios::app : std::ios::trunc);
  log_file_ << line << std::flush;
  if (!log_file_) throw ad::Error(file("metrics.jsonl") + ": cannot be written");
}

void Run::save_best() {
  if (best_is_written_ || (!best_is_here_ && !best_copy_)) return;
  const std::string path = file("model.safetensors");
  best_ = {path, fit_.save(path, metadata_, best_is_here_ ? fit_.model() : *best_copy_)};
  best_is_written_ = true;
  best_copy_.reset();
}

void Run::write_checkpoint() {
  const Clock::time_point start = Clock::now();
  const double bytes = bytes_.moments + bytes_.model * (best_is_here_ || best_is_written_ ? 1 : 2);
  save_best();
  checkpoints_.add([&](const std::string& directory) {
    recvae::write_checkpoint(directory, fit_, metadata_, identity_, log_, best_, best_is_here_);
  });
  last_ = Clock::now();
  const double seconds = seconds_since(start);
  seconds_per_byte_ = seconds / bytes;
  writing_seconds_ += seconds;
  checkpoint_seconds_ += seconds;
  ++written_;
  is_written_ = true;
}

// Would one more keep within the share of the time, and the one at the end, too?
bool Run::is_affordable() const {
  const double bytes = 2 * (bytes_.moments + 2 * bytes_.model);
  return checkpoint_seconds_ + bytes * seconds_per_byte_ <= kMostOfTime * seconds();
}

bool Run::is_due_within_epoch() const {
  return seconds_since(last_) >= 60 * plan_.minutes && (plan_.at_any_cost || is_affordable());
}

}  // namespace recvae
