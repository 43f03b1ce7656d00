// Trains RecVAE on interaction data, choosing the best epoch on validation users, and tests it.
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "autodiff/parallel.h"
#include "baselines.h"
#include "blending.h"
#include "command_line.h"
#include "data/read/input.h"
#include "data_summary.h"
#include "model_metadata.h"
#include "nn/atomic_file.h"
#include "recvae/json_value.h"
#include "recvae/recvae.h"
#include "report/run_report.h"
#include "results.h"
#include "training/dry_run.h"
#include "training/output_directory.h"
#include "training/run_config.h"
#include "training/training_options.h"
#include "training/training_run.h"

namespace recvae::tools {
namespace {

struct Options : TrainingOptions {
  std::string init_from, out, resume, item_names;
  bool overwrite = false, refit = false, dry_run = false;
  CheckpointPlan checkpoints;
  std::vector<std::string> baselines = {"popularity", "ease"};
  BaselineOptions baseline_options;
  bool baselines_given = false;  // else ease only where it is affordable
  EaseFixed ease_fixed;
  bool save_baselines = false;
  std::int64_t prune = 0;  // 0: whole weights
  BlendOptions blend;
};

RunConfig run_config(const CommandLine& line, const Options& o) {
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

bool read_options(CommandLine& line, Options& o) {
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
  if (o.save_baselines && std::ranges::none_of(o.baselines, has_weights))
    throw data::UsageError("--save_baselines: expected ease, edlae or itemknn in --baselines, found none of them");
  if (print_config) std::fputs(config_text(run_config(line, o)).c_str(), stdout);
  return !print_config;
}

bool has_targets(const data::HeldOut& h) { return h.targets.nnz() > 0; }

/// A fresh or given model, announced.
InitialModel start_model(const Options& o, const std::vector<std::string>& item_tokens) {
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

/// What all parts of a run share.
struct Session {
  const Options& o;
  const data::Dataset& data;
  const MetricContext& context;
  OutputDirectory& out;
  std::string config;  // config.yaml
  RunIdentity identity;
  std::vector<Metric> metrics;  // of the test
  std::vector<report::Result> results{};
  std::unordered_map<std::string, std::string> item_names{};
  struct Learned {
    std::shared_ptr<Scorer> scorer;
    BaselineOptions options;
  };
  std::map<std::string, Learned> learned{};  // baselines that are parts of the blend
};

/// The last checkpoint of the run in a directory, of the same settings and data, or none.
std::optional<Checkpoint> last_checkpoint(const Session& s, const std::string& directory) {
  std::optional<Checkpoint> last = Checkpoints(directory).last(log_warning);
  if (!last) return last;
  std::string changed;
  for (const std::string& name : differences(last->identity(), s.identity))
    changed += (changed.empty() ? "" : ", ") + name;
  if (!changed.empty())
    throw data::DataError(directory + ": the run cannot go on, as since its checkpoint has changed: " + changed);
  // An epoch that was not to be the last has not been evaluated and kept as the last one is.
  const std::int64_t epochs = last->state().epochs,
                     least = settings_from_json(last->identity().settings).epochs > epochs ? epochs + 1 : epochs;
  if (s.o.settings.epochs < least) {
    throw data::DataError(directory + ": expected epochs from " + std::to_string(least) + " on, as the run has " +
                          std::to_string(epochs) + " behind it, found " + std::to_string(s.o.settings.epochs));
  }
  if (last->identity().engine != s.identity.engine) {
    log_warning("the run so far was of " + last->identity().engine + ", now it is of " + s.identity.engine +
                ": it goes on, but perhaps not to the same bits");
  }
  log_info("going on after epoch " + std::to_string(last->state().epochs) + " of " + directory);
  return last;
}

/// Trains a model in the output directory and returns the epoch that is best on validation. The model and its training
/// state, most of the memory, are then gone.
std::int64_t train_model(Session& s) {
  const std::optional<Checkpoint> last = last_checkpoint(s, s.out.folder());
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

/// Leaves out the default baselines that are not affordable, and refuses given ones that are beyond the memory. Those
/// that the blend learns are given.
std::vector<std::string> choose_baselines(const Options& o, const data::Dataset& data) {
  std::vector<std::string> chosen;
  const auto take = [&](const std::string& name) {
    announce_baseline(name, data.train, o.baseline_options);
    chosen.push_back(name);
  };
  const auto is_blended = [&](const std::string& name) {
    return std::ranges::find(o.blend.parts, name) != o.blend.parts.end();
  };
  for (const std::string& name : o.baselines) {
    if (o.baselines_given || is_blended(name) || is_affordable(name, data, o.baseline_options)) {
      take(name);
    } else {
      log_info(name + ": left out, it would take long or much memory for " + std::to_string(data.train.cols) +
               " items; --baselines has it anyway");
    }
  }
  for (const std::string& name : o.blend.parts) {
    if (is_learned_part(name) && std::ranges::find(chosen, name) == chosen.end()) take(name);
  }
  return chosen;
}

/// Prints the test result of `who`, and keeps it for the report.
void put_results(const std::string& who, const std::vector<double>& means, Session& s) {
  print_metrics(s.metrics, means, who);
  for (std::size_t m = 0; m < means.size(); ++m) s.results.push_back({who, s.metrics[m].label(), means[m]});
}

Metric valid_metric(const Session& s) { return parse_metrics({s.o.settings.valid_metric}, {})[0]; }

/// What a file of item weights says of how they came to be: as a model's settings, and those of the baseline.
std::string baseline_metadata(const std::string& name, const BaselineOptions& options, const Session& s) {
  auto j = nlohmann::ordered_json::parse(s.identity.settings);
  if (is_chosen_on_validation(name)) j["lambda"] = options.lambda;
  if (name == "edlae") j["dropout"] = options.dropout;
  if (name == "itemknn") j["neighbors"] = options.neighbors;
  if (s.o.prune > 0) j["prune"] = s.o.prune;
  return j.dump();
}

/// Keeps the largest weights, and says what that loses on validation, where all have learned from the training part.
ItemWeights prune(const std::string& name, ItemWeights whole, const BaselineOptions& options, const Session& s) {
  ItemWeights kept{pruned(whole, s.o.prune)};
  if (!has_targets(s.data.validation)) return kept;
  if (s.data.baseline_rows(true).nnz() > s.data.train.nnz()) whole = learn_item_weights(name, s.data.train, options);
  const auto value = [&](ItemWeights weights) {
    const auto scorer = item_weights_scorer(std::make_shared<ItemWeights>(std::move(weights)));
    return evaluate(*scorer, s.data.validation, {valid_metric(s)}, s.context).means[0];
  };
  const double pruned_value = value({pruned(whole, s.o.prune)}), whole_value = value(std::move(whole));
  log_info(name + formatted(": pruned to %lld a column: %s %.5f on validation, all %.5f, a loss of %.5f",
                            static_cast<long long>(s.o.prune), valid_metric(s).label().c_str(), pruned_value,
                            whole_value, whole_value - pruned_value));
  return kept;
}

/// Learns a baseline with item weights, keeps them for the blend, and as a file where that is asked for.
std::shared_ptr<Scorer> learn_weights(const std::string& name, const BaselineOptions& options, Session& s) {
  const data::Csr& rows = s.data.baseline_rows(true);
  ItemWeights weights = learn_item_weights(name, rows, options);
  if (s.o.prune > 0) weights = prune(name, std::move(weights), options, s);
  if (s.o.save_baselines) {
    const bool with_validation = rows.nnz() > s.data.train.nnz();
    const std::string trained_on = data::fingerprint(s.data, with_validation), path = s.out.file(name + ".safetensors");
    save_weights(path, name, weights, {baseline_metadata(name, options, s), s.data.item_tokens, trained_on});
    log_info(name + ": " + with_thousands(static_cast<double>(std::filesystem::file_size(path)) / 1e6) + " MB; " +
             path);
  }
  return item_weights_scorer(std::make_shared<ItemWeights>(std::move(weights)));
}

/// Learns a baseline, and prints its test result.
void test_baseline(const std::string& name, Session& s) {
  const BaselineOptions options =
      find_options(name, s.data, valid_metric(s), s.context, s.o.baseline_options, s.o.ease_fixed);
  const data::Csr& rows = s.data.baseline_rows(true);
  const std::shared_ptr<Scorer> scorer =
      has_item_weights(name) ? learn_weights(name, options, s) : std::shared_ptr(make_baseline(name, rows, options));
  log_learned(name, rows, rows.nnz() > s.data.train.nnz());
  if (has_targets(s.data.test)) put_results(name, evaluate(*scorer, s.data.test, s.metrics, s.context).means, s);
  if (std::ranges::find(s.o.blend.parts, name) != s.o.blend.parts.end()) s.learned[name] = {scorer, options};
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

/// Prints the test result of the baselines.
void test_baselines(const std::vector<std::string>& names, Session& s) {
  if (!has_targets(s.data.test)) {
    log_warning("no test users have anything to be found: no test result");
    if (!s.o.save_baselines) return;
  }
  for (const std::string& name : names) {
    try {
      test_baseline(name, s);
    } catch (const ad::Error& error) {  // the model's own result is not lost for it
      log_warning(name + ": " + error.what());
    } catch (const std::bad_alloc&) {
      log_warning(name + ": not enough memory");
    }
  }
}

/// The trained model and the other parts of the blend, as scorers.
struct Blended {
  std::vector<Part> parts;
  std::vector<BlendPart> scorers;
};

/// What they are for the test, or, to choose weights by, when all have learned from the training part alone.
Blended blended(const Session& s, bool for_test) {
  Blended b{read_parts(s.o.blend, s.o.baseline_options, s.o.settings.layer_norm_eps), {}};
  match_parts(b.parts, s.data.item_tokens);
  b.parts.insert(b.parts.begin(), {"RecVAE", load_ranker(s.out.file("model.safetensors")), {}});
  const bool same = for_test || s.data.baseline_rows(true).nnz() == s.data.train.nnz();
  for (const Part& part : b.parts) {
    std::shared_ptr<Scorer> scorer;
    if (part.file) {
      scorer = part.file->scorer();
    } else if (same) {
      scorer = s.learned.at(part.name).scorer;
    } else {
      ItemWeights weights = learn_item_weights(part.name, s.data.train, s.learned.at(part.name).options);
      if (s.o.prune > 0) weights = {pruned(weights, s.o.prune)};
      scorer = item_weights_scorer(std::make_shared<ItemWeights>(std::move(weights)));
    }
    b.scorers.push_back({part.name, scorer});
  }
  return b;
}

/// Are all parts of the blend there? Warns where one could not be learned.
bool can_blend(const Session& s) {
  if (!s.o.blend.is_asked_for() || !has_targets(s.data.test)) return false;
  for (const std::string& name : s.o.blend.parts) {
    if (!is_learned_part(name) || s.learned.contains(name)) continue;
    log_warning("blend: left out, as there is no " + name);
    return false;
  }
  return true;
}

std::vector<double> choose_blend(const Session& s) {
  const Blended b = blended(s, false);
  return blend_weights(s.o.blend, b.parts, b.scorers, s.data.validation, valid_metric(s), s.context);
}

/// Prints the test results of the blend's parts that are files, and of the blend.
void test_blend(const std::vector<double>& weights, Session& s) {
  const Blended b = blended(s, true);
  const auto test = [&](const std::string& who, Scorer& scorer, bool shown) {
    const auto start = std::chrono::steady_clock::now();
    const Evaluation result = evaluate(scorer, s.data.test, s.metrics, s.context);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    log_info(who + ": lists of " +
             with_thousands(static_cast<double>(s.data.test.history.rows()) / std::max(1e-9, seconds)) + " users/s");
    if (shown) put_results(who, result.means, s);
  };
  for (std::size_t p = 0; p < b.parts.size(); ++p)
    test(b.parts[p].name, *b.scorers[p].scorer, p > 0 && b.parts[p].file);
  test("blend", *blend_scorer(b.scorers, weights), true);
}

/// Throws, before a long training, for parts that cannot be blended with it.
void check_parts(const Options& o, const data::Dataset& data) {
  std::vector<Part> parts = read_parts(o.blend, o.baseline_options, o.settings.layer_norm_eps);
  match_parts(parts, data.item_tokens);
  if (o.blend.is_auto()) require_unseen_validation(parts, data);
  for (const Part& part : parts) {
    if (part.file && part.file->trained_on() != data::fingerprint(data) &&
        part.file->trained_on() != data::fingerprint(data, true))
      log_warning(part.name +
                  " was not trained on this data's training part alone: it may have seen what it has to "
                  "find");
  }
}

/// Trains anew on all rows but the test's, for so many epochs, and keeps that model in place of the chosen one. It is a
/// run of its own, within the directory, with checkpoints of its own.
void refit(Session& s, std::int64_t epochs) {
  Options o = s.o;
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

Existing existing(const Options& o) {
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
  page.valid_metric = parse_metrics({s.o.settings.valid_metric}, {})[0].label();
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
  Options o;
  if (!read_options(line, o)) return;
  ad::set_threads(line.threads());
  std::string folder = o.resume.empty() ? o.out : o.resume;
  if (folder.empty()) folder = default_out("", o.data.path);
  OutputDirectory out(folder, existing(o));
  if (!o.dry_run) out.open();
  if (out.replaces(o.init_from)) {  // they may be needed again, by a refit or by the run that begins anew
    throw data::DataError(o.init_from +
                          ": expected initial weights that --overwrite does not replace, found those of " + folder);
  }
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
