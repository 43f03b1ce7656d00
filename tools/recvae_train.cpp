// Trains RecVAE on interaction data, choosing the best epoch on validation users, and tests it.
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>

#include "autodiff/parallel.h"
#include "baselines.h"
#include "blending.h"
#include "command_line.h"
#include "data/read/input.h"
#include "data_summary.h"
#include "model_metadata.h"
#include "nn/atomic_file.h"
#include "recvae/recvae.h"
#include "report/run_report.h"
#include "results.h"
#include "training/dry_run.h"
#include "training/output_directory.h"
#include "training/run_config.h"
#include "training/session.h"
#include "training/test_baselines.h"
#include "training/test_blend.h"
#include "training/training_options.h"
#include "training/training_run.h"

namespace recvae::tools {
namespace {

RunConfig run_config(const CommandLine& line, const TrainOptions& o) {
  RunConfig run{.data = o.data, .init_from = o.init_from, .refit = o.refit, .settings = o.settings};
  if (o.baselines_given) run.baselines = o.baselines;
  if (o.ease_fixed.lambda) run.lambda = o.baseline_options.lambda;
  if (o.ease_fixed.dropout) run.dropout = o.baseline_options.dropout;
  if (line.given("neighbors")) run.neighbors = o.baseline_options.neighbors;
  run.ease_double = o.baseline_options.double_precision;
  run.save_baselines = o.save_baselines;
  if (o.prune > 0) run.prune = o.prune;
  if (o.blend.is_asked_for()) run.blend = o.blend.parts;
  if (!o.blend.is_auto()) run.blend_weight = o.blend.weight;
  if (o.checkpoints.at_any_cost) run.checkpoint_minutes = o.checkpoints.minutes;
  run.item_names = o.item_names;
  return run;
}

bool read_options(CommandLine& line, TrainOptions& o) {
  bool print_config = false;
  line.describe(
      "Trains RecVAE (Shenbin et al., WSDM 2020) on interaction data and tests the best epoch.\n"
      "Results go to stdout, a line per metric; progress to stderr; weights and metrics.jsonl to --out.");
  line.version_note(engine());
  line.group("Run");
  line.flag("print_config", &print_config, "print all settings in force, as a file for --config, and exit");
  line.add("init_from", &o.init_from, "start from the weights of this .safetensors file");
  line.add("out", &o.out, "directory to write (default: runs/<data>-<time>)");
  line.add("item_names", &o.item_names, "file of token<TAB>name lines: report.html shows the names");
  line.flag("overwrite", &o.overwrite, "replace an earlier run in --out");
  line.resume(
      "go on with the run in this directory, from its last checkpoint, to the same weights as without a stop; --data "
      "where the data moved, and more --epochs, may be given",
      "data epochs", &o.resume);
  line.add("checkpoint_minutes", &o.checkpoints.minutes,
           "write a checkpoint every so many minutes, whatever it costs (default: after each epoch and, in long ones, "
           "every 10 minutes, as far as that takes less than 3 % of the time)",
           [](double minutes) {
             if (!(minutes >= 0)) throw std::invalid_argument("a number from 0 on");
           });
  line.flag("dry_run", &o.dry_run,
            "read the data, build the model, say what memory, disk and time training takes, and stop");
  line.flag("refit", &o.refit,
            "afterwards train anew on training and validation rows for the best epoch's number of epochs; that model "
            "is kept and tested, too");
  line.add("baselines", &o.baselines,
           "tested on the same users: popularity, ease, edlae, itemknn, or none (default: popularity, and ease where "
           "it fits in "
           "half the free memory and about a minute)");
  add_baseline_options(line, o.baseline_options, "the best power of two on validation, if quick, else 250");
  line.flag("save_baselines", &o.save_baselines,
            "write what baselines have learned, ease.safetensors and so on, which --model takes everywhere");
  line.add("prune", &o.prune, "keep of each item the so many largest weights of a baseline (default: all)",
           at_least(1));
  add_blend_options(line, o.blend, "; beside the model that is trained. Tested last");
  add_training_options(line, o);
  if (!line.parse()) return false;
  if (!print_config) line.require("data");
  o.baselines_given = line.given("baselines");
  if (o.baselines.size() == 1 && is_none(o.baselines[0])) o.baselines.clear();
  o.ease_fixed = given_options(line);
  o.checkpoints.at_any_cost = line.given("checkpoint_minutes");
  resolve(line, o);
  line.check([&] { check_baseline("ease", o.baseline_options); });
  for (const std::string& name : o.baselines) line.check([&] { check_baseline(name); }, "baselines");
  line.check([&] { check_blend(line, o.blend, true); }, "blend");
  const auto has_weights = [](const std::string& name) { return has_item_weights(name); };
  if (o.save_baselines && std::ranges::none_of(o.baselines, has_weights) &&
      std::ranges::none_of(o.blend.parts, has_weights)) {
    throw data::UsageError(
        "--save_baselines: expected ease, edlae or itemknn in --baselines or --blend, found none of them");
  }
  if (print_config) std::fputs(config_text(run_config(line, o)).c_str(), stdout);
  return !print_config;
}

/// A fresh or given model, announced.
InitialModel start_model(const TrainOptions& o, const std::vector<std::string>& item_tokens) {
  InitialModel start = initial_model(o.settings, item_tokens, o.init_from);
  if (const std::optional<ItemMapping>& mapping = start.taken_over) {
    log_info("initial weights from " + o.init_from + ": " + std::to_string(mapping->kept) + " items kept, " +
             std::to_string(mapping->fresh) + " new, " + std::to_string(mapping->dropped) + " dropped");
  }
  const RecVae<float>& model = start.model;
  log_info("RecVAE " + std::to_string(model.items()) + " items, hidden " + std::to_string(model.hidden()) +
           ", latent " + std::to_string(model.latent()) + ": " +
           with_thousands(static_cast<double>(ad::nn::parameter_count(model))) + " parameters; " + engine());
  return start;
}

/// Trains a model in the output directory and returns the epoch that is best on validation. The model and its training
/// state, most of the memory, are then gone.
std::int64_t train_model(Session& s) {
  const std::optional<Checkpoint> last = last_checkpoint(s.out.folder(), s.identity, s.o.settings.epochs);
  if (!s.o.resume.empty()) ad::nn::write_file(s.out.file("config.yaml"), s.config);  // which may have more epochs now
  ad::nn::write_file(s.out.file("data.json"), summary_json(s.data.summary));
  InitialModel start = last ? last->model() : start_model(s.o, s.data.item_tokens);
  const std::string trained_on =
      last ? start.trained_on : data::joined_fingerprint(start.trained_on, data::fingerprint(s.data));
  const ModelMetadata metadata{s.identity.settings, s.data.item_tokens, trained_on};
  Fit fit(s.o.settings, s.data.train, s.data.validation, s.context, std::move(start),
          s.out.file(".old_encoder.safetensors"));
  Run run(fit, metadata, s.identity, s.out.folder(), s.o.checkpoints);
  if (last) run.resume(*last);
  const auto has_result = [&] {
    s.out.has_result();
    run.move_to(s.out.folder());
  };
  run_shown(run, fit, "", has_result, [&] {
    has_result();
    log_info(s.out.is_beside() ? "stopped before the first result: the earlier run stays, and nothing of this one"
                               : "a checkpoint is written; go on with: recvae_train --resume " + s.out.folder());
  });
  return fit.state().best_epoch;
}

/// Prints the test result of the model in the directory; `what` is said of it in the log.
void test_model(Session& s, const std::string& what, const std::string& who) {
  if (!has_targets(s.data.test)) return;
  const std::string path = s.out.file("model.safetensors");
  const RecVae<float> model = load_model(path, Load::model).model;
  const Evaluation result = evaluate(*model_scorer(model), s.data.test, s.metrics, s.context);
  log_info("test of " + what + " on " + with_thousands(static_cast<double>(result.users())) + " users; " + path);
  put_results(who, result.means, s);
}

/// Trains anew on all rows but the test's, for so many epochs, and keeps that model in place of the chosen one. It is a
/// run of its own, within the directory, with checkpoints of its own.
void refit(Session& s, std::int64_t epochs) {
  TrainOptions o = s.o;
  o.settings.epochs = epochs;
  const data::Csr rows = data::training_and_validation(s.data).rows;
  const data::HeldOut nothing{{}, {rows.cols}, {rows.cols}};
  const std::string folder = s.out.file(".refit");
  const RunIdentity identity{settings_metadata(o.settings, o.data), s.identity.data, s.identity.engine};
  std::filesystem::create_directory(folder);
  std::optional<Checkpoint> last = Checkpoints(folder).last(log_warning);
  if (last && (last->identity().settings != identity.settings ||  // of another number of epochs
               !differences(last->identity(), identity).empty())) {
    last.reset();
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
  }
  InitialModel start = last ? last->model() : start_model(o, s.data.item_tokens);
  const std::string before =
                        start.trained_on == data::fingerprint(s.data) ? "" : start.trained_on,  // else a part of it
      trained_on = last ? start.trained_on : data::joined_fingerprint(before, data::fingerprint(s.data, true));
  const ModelMetadata metadata{identity.settings, s.data.item_tokens, trained_on};
  Fit fit(o.settings, rows, nothing, s.context, std::move(start), folder + "/.old_encoder.safetensors");
  Run run(fit, metadata, identity, folder, o.checkpoints);
  if (last) run.resume(*last);
  run_shown(
      run, fit, "refit ", [] {},
      [&] { log_info("a checkpoint of the refit is written; go on with: recvae_train --resume " + s.out.folder()); });
  link_or_copy(folder + "/model.safetensors", s.out.file("model.safetensors"));
  log_learned("RecVAE", rows, true);
}

Existing existing(const TrainOptions& o) {
  if (!o.resume.empty()) return Existing::resumed;
  return o.overwrite ? Existing::replaced : Existing::refused;
}

/// Writes report.html. No result is lost where that fails.
void write_report(Session& s, std::int64_t best_epoch) {
  report::RunReport page;
  page.title = data::base_name(s.o.data.path);
  const std::time_t now = std::time(nullptr);
  char time[32];
  std::strftime(time, sizeof time, "%Y-%m-%d %H:%M", std::localtime(&now));
  page.facts = {{"", time}, {"recvae", version()}, {"", engine()}};
  page.directory = s.out.folder();
  page.command = {"recvae_train", "--config", s.out.file("config.yaml")};
  page.valid_metric = valid_metric(s.o.settings).label();
  page.best_epoch = best_epoch;
  page.results = std::move(s.results);
  const std::string path = s.out.file("report.html");
  report::write_run_report(path, std::move(page),
                           {s.data, s.o.data, load_model(s.out.file("model.safetensors"), Load::model).model,
                            s.o.settings, s.context, s.out.file("metrics.jsonl"), s.item_names});
  log_info("report: " + path);
}

/// Says what a run would take, and leaves nothing behind but a file without a name while it does.
void estimate(Session& s) {
  InitialModel start = start_model(s.o, s.data.item_tokens);
  const auto begin = std::chrono::steady_clock::now();
  const std::string scratch = std::filesystem::temp_directory_path() / ("recvae-dry-run-" + std::to_string(getpid()));
  Fit fit(s.o.settings, s.data.train, s.data.validation, s.context, std::move(start), scratch);
  const double building = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  dry_run(fit, building, s.out.folder());
  choose_baselines(s.o, s.data);
}

void train_and_test(Session& s) {
  const std::vector<std::string> baselines = choose_baselines(s.o, s.data);
  const std::int64_t best_epoch = train_model(s);
  stop_at_once(true);  // all that a test could leave behind is there
  const std::string best = "epoch " + std::to_string(best_epoch);
  test_baselines(baselines, s);
  log_learned("RecVAE", s.data.train, false);
  test_model(s, best, s.o.refit ? "chosen" : "");
  const std::vector<double> weights = can_blend(s) ? choose_blend(s) : std::vector<double>{};
  stop_at_once(false);
  if (s.o.refit) {
    refit(s, best_epoch);
    stop_at_once(true);
    test_model(s, "the refit of " + best, "");
    stop_at_once(false);  // else an unfinished file could stay
  }
  if (!weights.empty()) {
    stop_at_once(true);
    test_blend(weights, s);
    stop_at_once(false);
  }
  write_report(s, best_epoch);
}

void train(CommandLine& line) {
  TrainOptions o;
  if (!read_options(line, o)) return;
  ad::set_threads(line.threads());
  std::string folder = o.resume.empty() ? o.out : o.resume;
  if (folder.empty()) folder = default_out("", o.data.path);
  OutputDirectory out(folder, existing(o));
  if (!o.dry_run) out.open();
  const auto require_kept = [&](const std::string& path, const std::string& what) {
    if (out.replaces(path))
      throw data::DataError(path + ": expected " + what + " that --overwrite does not replace, found one of " + folder);
  };
  require_kept(o.init_from, "initial weights");  // a refit may need them again, or the run that begins anew
  for (const std::string& part : o.blend.parts) require_kept(part, "a part of the blend");
  const std::string config = config_text(with_absolute_paths(run_config(line, o)));
  if (o.resume.empty() && !o.dry_run)
    ad::nn::write_file(out.file("config.yaml"), config);  // first, so that it can be resumed from here on

  fetch_text(o.data);
  data::Dataset data;
  line.check([&] { data = data::load(o.data); });
  log_summary(data.summary);
  check_item_tokens(o.data.path, data.item_tokens);  // better known before the training than after
  if (o.refit && !has_targets(data.validation)) {
    throw data::DataError(o.data.path + ": expected validation rows for --refit, found none: all is trained on");
  }
  check_parts(o, data);
  const MetricContext context = metric_context(data, o.settings);
  Session s{o,
            data,
            context,
            out,
            config,
            {settings_metadata(o.settings, o.data), data::fingerprints(data), engine_identity()},
            parse_metrics(o.settings.metrics, o.settings.topk)};
  if (o.refit && std::filesystem::exists(o.init_from))  // it begins with them again
    s.identity.data.emplace_back("the weights of init_from", ad::nn::checksum_of_file(o.init_from));
  if (!o.item_names.empty()) s.item_names = read_item_names(o.item_names);
  if (o.dry_run) return estimate(s);
  train_and_test(s);
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) { return recvae::tools::run_command("recvae_train", argc, argv, recvae::tools::train); }
