// A training run, as an object.
#include <unistd.h>
#include <atomic>
#include <filesystem>
#include <fstream>

#include "data.h"
#include "data/fingerprint.h"
#include "model.h"
#include "model_metadata.h"
#include "nn/atomic_file.h"
#include "recvae/architecture.h"
#include "recvae/run.h"
#include "training/output_directory.h"
#include "training/run_config.h"
#include "training/training_run.h"

namespace recvae::c_api {
namespace {

using tools::OutputDirectory;

constexpr tools::OutputKind kRun = {tools::kRunEntries, "resume goes on with an earlier run"};

using Fingerprints = std::vector<std::pair<std::string, std::string>>;

/// What is trained on, and what files say of it.
struct Problem {
  std::shared_ptr<const data::Dataset> data;
  data::DataOptions options{};
  std::string fingerprint{};
  Fingerprints fingerprints{};  // for a run in a directory
};

Problem problem_of(const recvae_problem& p) {
  if (p.data) {
    const auto set = content<DataSet>(p.data, "a data set");
    return {set->dataset(), set->options(), data::fingerprint(*set->dataset()),
            p.directory ? data::fingerprints(*set->dataset()) : Fingerprints{}};
  }
  data::Dataset d;
  d.train = rows_of(p.train, "train");
  if (d.train.rows() == 0 || d.train.cols == 0) {
    throw data::UsageError("train: expected users and items, found " + std::to_string(d.train.rows()) + " rows and " +
                           std::to_string(d.train.cols) + " columns");
  }
  if (d.train.nnz() == 0) throw data::UsageError("train: expected some entries, found none");
  d.item_tokens = item_tokens_of(p.item_tokens, d.train.cols);
  d.user_tokens = tokens_of(p.user_tokens, d.train.rows(), "user_ids");
  if (!p.shown != !p.hidden) throw data::UsageError("validation: expected both shown and hidden rows, found one");
  d.validation = {{}, {d.train.cols}, {d.train.cols}};
  if (p.shown) {
    d.validation.history = rows_of(p.shown, "shown");
    d.validation.targets = rows_of(p.hidden, "hidden");
    for (const auto& [rows, name] : {std::pair{&d.validation.history, "shown"}, {&d.validation.targets, "hidden"}}) {
      if (rows->cols != d.train.cols) {
        throw data::UsageError(std::string(name) + ": expected " + std::to_string(d.train.cols) +
                               " columns, as train has, found " + std::to_string(rows->cols));
      }
    }
    if (d.validation.history.rows() != d.validation.targets.rows()) {
      throw data::UsageError("hidden: expected " + std::to_string(d.validation.history.rows()) +
                             " rows, as shown has, found " + std::to_string(d.validation.targets.rows()));
    }
    if (d.validation.targets.nnz() == 0) throw data::UsageError("hidden: expected some entries, found none");
  }
  Problem problem{{}, {}, data::fingerprint(d), p.directory ? data::fingerprints(d) : Fingerprints{}};
  d.user_tokens = {};  // which nobody needs any more
  problem.data = std::make_shared<const data::Dataset>(std::move(d));
  return problem;
}

/// A name for a file that is opened and removed at once.
std::string scratch_file() {
  static std::atomic<int> count = 0;
  std::error_code none;  // then it cannot be opened
  return std::filesystem::temp_directory_path(none) /
         ("recvae-" + std::to_string(getpid()) + "-" + std::to_string(++count));
}

/// The weights of a run's best epoch so far. Small ones wait in memory, larger ones, where there is room, in a file
/// that has no name any more.
class BestWeights {
 public:
  /// Those of a model as it is now.
  void keep(const RecVae<float>& model) {
    if (memory_ || file_bytes(model).model <= kMostInMemory) return void(memory_ = model);
    if (!file_.is_open()) {
      const std::string path = scratch_file();
      file_.open(path, std::ios::in | std::ios::out | std::ios::trunc | std::ios::binary);
      std::error_code ignored;
      std::filesystem::remove(path, ignored);
    }
    file_.seekp(0);
    ad::nn::for_each_parameter_unnamed(model, [&](const ad::Parameter<float>& p) {
      file_.write(reinterpret_cast<const char*>(p.value.data()), bytes_of(p));
    });
    if (!file_.flush()) memory_ = model;  // there is no room for it
  }

  /// A copy of them, of layers and items as in `like`.
  RecVae<float> model(const Architecture& like, ad::Index items) {
    if (memory_) return *memory_;
    RecVae<float> model = make_model(like, items, ad::nn::Init::zero, 0);
    file_.seekg(0);
    ad::nn::for_each_parameter_unnamed(
        model, [&](ad::Parameter<float>& p) { file_.read(reinterpret_cast<char*>(p.value.data()), bytes_of(p)); });
    if (!file_) throw data::DataError("the best weights: their file cannot be read");
    return model;
  }

 private:
  static constexpr double kMostInMemory = 32e6;
  static std::streamsize bytes_of(const ad::Parameter<float>& p) {
    return static_cast<std::streamsize>(sizeof(float)) * p.value.size();
  }
  std::optional<RecVae<float>> memory_;
  std::fstream file_;
};

/// A run in memory or, with files, in a directory.
class TrainingRun : public Content {
 public:
  TrainingRun(const Settings& settings, Problem problem, const recvae_problem& p)
      : settings_(settings),
        data_(std::move(problem.data)),
        context_(metric_context(*data_, settings_)),
        identity_{tools::settings_metadata(settings_, problem.options), std::move(problem.fingerprints),
                  tools::engine_identity()} {
    if (p.directory) open_directory(p, problem.options);
    std::optional<Checkpoint> last;
    if (out_ && p.resume != 0) last = tools::last_checkpoint(out_->folder(), identity_, settings_.epochs);
    InitialModel start = last ? last->model() : initial(p.from);
    trained_on_ = last ? start.trained_on : data::joined_fingerprint(start.trained_on, problem.fingerprint);
    if (settings_.prior_update == "never" && has_old_posterior(settings_))
      old_encoder_ = start.old_encoder ? *start.old_encoder : start.model.encoder;
    fit_ = std::make_unique<Fit>(settings_, data_->train, data_->validation, context_, std::move(start),
                                 settings_.prior_update == "never" ? scratch_file() : "");
    if (!out_) return;
    metadata_.emplace(ModelMetadata{identity_.settings, data_->item_tokens, trained_on_});
    run_.emplace(*fit_, *metadata_, identity_, out_->folder());
    if (last) run_->resume(*last);
  }

  const char* kind() const override { return "a training run"; }

  std::string text(const std::string& name) override {
    if (name == "log") {
      std::string list;
      for (const char c : log()) list += c == '\n' ? ',' : c;
      if (!list.empty()) list.pop_back();
      return "[" + list + "]";
    }
    if (name == "record") {
      const std::string& lines = log();
      if (lines.empty()) throw StateError("no epoch has ended yet");
      const std::size_t before = lines.size() < 2 ? std::string::npos : lines.rfind('\n', lines.size() - 2);
      return lines.substr(before == std::string::npos ? 0 : before + 1);
    }
    if (name == "state") return fit_ ? state() : last_state_;
    return Content::text(name);
  }

  void step(recvae_progress& progress) override {
    progress.finished = 1;
    if (!fit_) return;
    std::optional<FitEpoch> ended;
    if (!fit_->finished() || fit_->is_evaluating()) ended = run_ ? run_->step() : fit_->step();
    keep_files();
    if (ended && !run_) {
      log_ += epoch_record(*ended, fit_->metrics(), 0) + "\n";
      if (ended->best) best_.keep(fit_->model());
    }
    const Trainer::State& at = fit_->trainer().state();
    const std::int64_t users = data_->train.rows(),
                       passes = settings_.alternating ? settings_.n_enc_epochs + settings_.n_dec_epochs : 1;
    progress.epoch = fit_->state().epochs + (ended ? 0 : 1);
    progress.ended_epoch = ended.has_value();
    progress.evaluating = fit_->is_evaluating();
    progress.total = passes * users;
    progress.done = ended || fit_->is_evaluating()
                        ? progress.total
                        : std::min(at.visits + at.batch * settings_.train_batch_size, progress.total);
    progress.finished = fit_->finished() && !fit_->is_evaluating();
  }

  std::shared_ptr<Model> result() {
    if (fit_ && run_ && !fit_->finished()) run_->stop();
    keep_files();
    if (fit_ && fit_->state().best_epoch == 0) throw StateError("no epoch has ended yet");
    if (fit_ && fit_->finished() && !fit_->is_evaluating()) end();
    if (out_) return load_recvae(out_->file("model.safetensors"));
    LoadedModel model{best_.model(architecture(settings_), data_->train.cols), old_encoder_, data_->item_tokens,
                      identity_.settings, trained_on_};
    return std::make_shared<RecVaeModel>(std::make_shared<LoadedModel>(std::move(model)));
  }

 private:
  const std::string& log() const { return run_ ? run_->log() : log_; }

  std::string state() const {
    const Fit::State& s = fit_->state();
    return Json{{"epochs", s.epochs},
                {"best_epoch", s.best_epoch},
                {"best", s.best ? Json(*s.best) : Json(nullptr)},
                {"valid_metric", fit_->valid_metric().label()},
                {"bigger_is_better", is_better(fit_->valid_metric(), 1, 0)},
                {"recall_denominator", context_.recall == RecallDenominator::min ? "min" : "all"},
                {"stopped_early", fit_->stopped_early()}}
        .dump();
  }

  /// Nothing is left to do: what training needs, most of the memory, goes before the model comes.
  void end() {
    last_state_ = state();
    log_ = log();
    run_.reset();
    fit_.reset();
  }

  /// Once there is something to go on from, the directory stays.
  void keep_files() {
    if (!run_ || run_->checkpoints_written() == 0) return;
    out_->has_result();
    run_->move_to(out_->folder());
  }

  InitialModel initial(const recvae_object* from) const {
    if (!from) return initial_model(settings_, data_->item_tokens, nullptr);
    const LoadedModel model = content<RecVaeModel>(from, "a RecVAE model")->with_old_encoder();
    try {
      return initial_model(settings_, data_->item_tokens, &model);
    } catch (const ad::Error& error) {  // the settings are others now
      throw data::UsageError(error.what());
    }
  }

  void open_directory(const recvae_problem& p, const data::DataOptions& options) {
    out_.emplace(p.directory, p.resume != 0 ? tools::Existing::resumed : tools::Existing::refused, kRun);
    out_->open();
    tools::RunConfig config;
    config.data = options;
    config.settings = settings_;
    config.data.text = nullptr;
    ad::nn::write_file(out_->file("config.yaml"), tools::config_text(tools::with_absolute_paths(std::move(config))));
  }

  Settings settings_;
  std::shared_ptr<const data::Dataset> data_;
  MetricContext context_;
  RunIdentity identity_;
  std::string trained_on_;
  std::optional<Encoder<float>> old_encoder_;  // of prior_update never
  BestWeights best_;                           // without a directory
  std::unique_ptr<Fit> fit_;                   // null: at its end
  std::string log_, last_state_;  // lines of metrics.jsonl, without a directory or at the end; text "state"
  // With a directory:
  std::optional<OutputDirectory> out_;
  std::optional<ModelMetadata> metadata_;
  std::optional<Run> run_;
};

}  // namespace
}  // namespace recvae::c_api

using namespace recvae;
using namespace recvae::c_api;

extern "C" {

int recvae_fit(recvae_object* fit, const char* settings, const recvae_problem* problem) {
  return make(fit, [&] {
    const recvae_problem& p = checked(problem, "problem");
    return std::make_shared<TrainingRun>(settings_of(settings), problem_of(p), p);
  });
}

int recvae_result(recvae_object* model, recvae_object* fit) {
  return make(model, [&] { return content<TrainingRun>(fit, "a training run")->result(); });
}
}
