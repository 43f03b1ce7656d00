// Trains RecVAE on interaction data, choosing the best epoch on validation users, and tests it.
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "autodiff/parallel.h"
#include "baselines.h"
#include "command_line.h"
#include "data/read/input.h"
#include "data_summary.h"
#include "model_metadata.h"
#include "nn/atomic_file.h"
#include "output_directory.h"
#include "progress.h"
#include "recbole_keys.h"
#include "recvae/recvae.h"
#include "results.h"
#include "run_config.h"

namespace recvae::tools {
namespace {

struct Options {
  data::DataOptions data;
  std::string preset_name = "paper", init_from, out;
  bool overwrite = false, refit = false;
  Settings settings;
  std::vector<std::string> baselines = {"popularity", "ease"};
  BaselineOptions baseline_options;
  bool baselines_given = false, lambda_given = false;  // else ease only where it is affordable, and its lambda chosen
};

/// A setting as the command line takes it.
template <class T>
std::string text_of(const T& value) {
  std::string text = nlohmann::json(value).dump();
  std::erase(text, '"');
  return text;
}
template <class T>
std::string text_of(const std::optional<T>& value) {
  return value ? text_of(*value) : "none";
}

RunConfig run_config(const CommandLine& line, const Options& o) {
  RunConfig run{.data = o.data, .init_from = o.init_from, .refit = o.refit, .settings = o.settings};
  if (o.baselines_given) run.baselines = o.baselines;
  if (o.lambda_given) run.lambda = o.baseline_options.lambda;
  if (line.given("neighbors")) run.neighbors = o.baseline_options.neighbors;
  run.ease_double = o.baseline_options.double_precision;
  return run;
}

bool read_options(CommandLine& line, Options& o) {
  Settings given;
  bool print_config = false;
  line.describe(
      "Trains RecVAE (Shenbin et al., WSDM 2020) on interaction data and tests the best epoch.\n"
      "Results go to stdout, a line per metric; progress to stderr; weights and metrics.jsonl to --out.");
  line.version_note(engine());
  line.ignore(kRecboleKeysWithoutMeaning);
  line.group("Run");
  line.add("preset", &o.preset_name, "paper (default), wsdm: settings that the options below change");
  line.config();
  line.flag("print_config", &print_config, "print all settings in force, as a file for --config, and exit");
  line.add("init_from", &o.init_from, "start from the weights of this .safetensors file");
  line.add("out", &o.out, "directory to write (default: runs/<data>-<time>)");
  line.flag("overwrite", &o.overwrite, "replace an earlier run in --out");
  line.flag("refit", &o.refit,
            "afterwards train anew on training and validation rows for the best epoch's number of epochs; that model "
            "is kept and tested, too");
  line.add(
      "baselines", &o.baselines,
      "tested on the same users: popularity, ease, itemknn, or none (default: popularity, and ease where it fits in "
      "half the free memory and about a minute)");
  add_baseline_options(line, o.baseline_options, "the best power of two on validation, if quick, else 250");
  add_data_options(line, o.data);
  line.group("RecBole's spelling");
  line.recbole_spelling();
  line.group("Model and training");
  Settings::visit(
      [&](const char* name, const char* help, auto& member) {
        line.add(name, &member, std::string(help) + " (paper: " + text_of(member) + ")");
      },
      given);
  if (!line.parse()) return false;
  if (!print_config) line.require("data");
  o.baselines_given = line.given("baselines");
  if (o.baselines.size() == 1 && is_none(o.baselines[0])) o.baselines.clear();
  o.lambda_given = line.given("lambda");
  line.check([&] {
    o.settings = preset(o.preset_name);
    take_given(line, given, o.settings);
    validate(o.settings);
    if (line.given("data")) data::check_options(o.data);
    check_baseline("ease", o.baseline_options);
  });
  for (const std::string& name : o.baselines) line.check([&] { check_baseline(name); }, "baselines");
  if (print_config) std::fputs(config_text(run_config(line, o)).c_str(), stdout);
  if (line.spelled_as_recbole() && !line.given("preset")) log_info("preset: " + o.preset_name);
  return !print_config;
}

std::string default_out(const std::string& data_path) {
  const std::string name = data_path == "-" ? "stdin" : data::base_name(data_path);
  const std::time_t now = std::time(nullptr);
  char time[32];
  std::strftime(time, sizeof time, "%Y%m%d-%H%M%S", std::localtime(&now));
  const std::string out = "runs/" + name.substr(0, name.find('.', 1)) + "-" + time;
  std::string unused = out;
  for (int n = 2; std::filesystem::exists(unused); ++n) unused = out + "-" + std::to_string(n);
  return unused;
}

/// A line of metrics.jsonl.
std::string epoch_record(const FitEpoch& epoch, const std::vector<Metric>& metrics) {
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
  return j.dump();
}

/// What the log says of an epoch; `note` is of its validation.
std::string describe(const EpochReport& r, std::int64_t epochs, const std::string& note) {
  return formatted("epoch %lld/%lld  loss %.3f  mll %.3f  kld %.3f%s  %.2f s, %s users/s",
                   static_cast<long long>(r.epoch), static_cast<long long>(epochs), r.train_loss(), r.train_mll,
                   r.train_kld, note.c_str(), r.seconds(), with_thousands(r.users_per_second).c_str());
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

/// Runs a fit with a bar per epoch, `on_epoch` after each, until a signal comes.
void run_fit(Fit& fit, const Settings& s, std::int64_t users, const std::function<void(const FitEpoch&)>& on_epoch) {
  const std::int64_t passes = s.alternating ? s.n_enc_epochs + s.n_dec_epochs : 1;
  std::optional<Progress> bar;
  const auto begin_bar = [&] {
    bar.emplace("epoch " + std::to_string(fit.state().epochs + 1) + "/" + std::to_string(s.epochs), passes * users,
                "users");
  };
  begin_bar();
  fit.run([&](const FitEpoch* ended) {
    if (ended) {
      bar.reset();
      on_epoch(*ended);
      begin_bar();
    } else {
      bar->advance(std::min(s.train_batch_size, users));
    }
    if (stop_requested()) throw data::Stopped();
    return true;
  });
}

/// Trains a model, writes it to `out` and returns the epoch that is best on validation. The model and its training
/// state, most of the memory, are then gone.
std::int64_t train_model(const Options& o, const data::Dataset& data, const MetricContext& context,
                         OutputDirectory& out) {
  const Settings& s = o.settings;
  InitialModel start = start_model(o, data.item_tokens);
  const std::string settings = settings_metadata(s, o.data),
                    trained_on = data::joined_fingerprint(start.trained_on, data::fingerprint(data));
  const ModelMetadata metadata{settings, data.item_tokens, trained_on};
  out.open();
  Fit fit(s, data.train, data.validation, context, std::move(start), out.file(".old_encoder.safetensors"));
  std::ofstream log;
  run_fit(fit, s, data.train.rows(), [&](const FitEpoch& epoch) {
    if (epoch.report.epoch == 1) {
      const std::string rows = summary_json(data.summary);
      ad::nn::AtomicFile file(out.file("data.json"));
      file.write(rows.data(), rows.size());
      file.commit();
      log.open(out.file("metrics.jsonl"), std::ios::trunc);
    }
    fit.save(out.file("checkpoint/model.safetensors"), metadata);
    if (epoch.best) fit.save(out.file("model.safetensors"), metadata);
    log << epoch_record(epoch, fit.metrics()) << std::endl;
    if (!log) throw data::DataError(out.file("metrics.jsonl") + ": cannot be written");
    out.has_result();
    std::string note;
    if (epoch.valid)
      note =
          formatted("  %s %.4f%s", fit.valid_metric().label().c_str(), fit.valid_value(epoch), epoch.best ? " *" : "");
    log_info(describe(epoch.report, s.epochs, note));
  });
  if (fit.stopped_early()) {
    log_info("no improvement in " + std::to_string(fit.state().without_gain) + " evaluations: stopped");
  }
  return fit.state().best_epoch;
}

/// Leaves out the default baselines that are not affordable, and refuses given ones that are beyond the memory.
std::vector<std::string> choose_baselines(const Options& o, const data::Dataset& data) {
  std::vector<std::string> chosen;
  for (const std::string& name : o.baselines) {
    if (o.baselines_given || is_affordable(name, data, o.baseline_options)) {
      announce_baseline(name, data.train, o.baseline_options);
      chosen.push_back(name);
    } else {
      log_info(name + ": left out, it would take long or much memory for " + std::to_string(data.train.cols) +
               " items; --baselines has it anyway");
    }
  }
  return chosen;
}

/// Prints the test result of a baseline.
void test_baseline(const std::string& name, const Options& o, const data::Dataset& data,
                   const std::vector<Metric>& metrics, const MetricContext& context) {
  BaselineOptions options = o.baseline_options;
  if (name == "ease" && !o.lambda_given) {
    options.lambda = find_lambda(data, parse_metrics({o.settings.valid_metric}, {})[0], context, options);
  }
  const data::Csr& rows = data.baseline_rows(true);
  const auto baseline = make_baseline(name, rows, options);
  log_learned(name, rows, rows.nnz() > data.train.nnz());
  print_metrics(metrics, evaluate(*baseline, data.test, metrics, context).means, name);
}

/// Prints the test result of the model in a file; `what` is said of it in the log.
void test_model(const std::string& path, const data::Dataset& data, const std::vector<Metric>& metrics,
                const MetricContext& context, const std::string& what, const std::string& who) {
  if (!has_targets(data.test)) return;
  const RecVae<float> model = load_model(path, Load::model).model;
  const Evaluation result = evaluate(*model_scorer(model), data.test, metrics, context);
  log_info("test of " + what + " on " + with_thousands(static_cast<double>(result.users())) + " users; " + path);
  print_metrics(metrics, result.means, who);
}

/// Prints the test result of the baselines.
void test_baselines(const std::vector<std::string>& names, const Options& o, const data::Dataset& data,
                    const std::vector<Metric>& metrics, const MetricContext& context) {
  if (!has_targets(data.test)) {
    log_warning("no test users have anything to be found: no test result");
    return;
  }
  for (const std::string& name : names) {
    try {
      test_baseline(name, o, data, metrics, context);
    } catch (const ad::Error& error) {  // the model's own result is not lost for it
      log_warning(name + ": " + error.what());
    } catch (const std::bad_alloc&) {
      log_warning(name + ": not enough memory");
    }
  }
}

/// Trains anew on all rows but the test's, for so many epochs, and keeps that model in place of the chosen one.
void refit(const Options& o, const data::Dataset& data, const MetricContext& context, std::int64_t epochs,
           OutputDirectory& out) {
  Settings s = o.settings;
  s.epochs = epochs;
  const data::Csr rows = data::training_and_validation(data).rows;
  const data::HeldOut nothing{{}, {rows.cols}, {rows.cols}};
  InitialModel start = start_model(o, data.item_tokens);
  const std::string settings = settings_metadata(s, o.data),
                    before = start.trained_on == data::fingerprint(data) ? "" : start.trained_on,  // else a part of it
      trained_on = data::joined_fingerprint(before, data::fingerprint(data, true));
  Fit fit(s, rows, nothing, context, std::move(start), out.file(".old_encoder.safetensors"));
  run_fit(fit, s, rows.rows(),
          [&](const FitEpoch& epoch) { log_info("refit " + describe(epoch.report, s.epochs, "")); });
  fit.save(out.file("model.safetensors"), {settings, data.item_tokens, trained_on});
  log_learned("RecVAE", rows, true);
}

void train(CommandLine& line) {
  Options o;
  if (!read_options(line, o)) return;
  ad::set_threads(line.threads());
  OutputDirectory out(o.out.empty() ? default_out(o.data.path) : o.out, o.overwrite);

  fetch_text(o.data);
  const data::Dataset data = data::load(o.data);
  log_summary(data.summary);
  check_item_tokens(o.data.path, data.item_tokens);  // better known before the training than after
  if (o.refit && !has_targets(data.validation)) {
    throw data::DataError(o.data.path + ": expected validation rows for --refit, found none: all is trained on");
  }
  const std::vector<Metric> metrics = parse_metrics(o.settings.metrics, o.settings.topk);
  const MetricContext context = metric_context(data, o.settings);
  const std::vector<std::string> baselines = choose_baselines(o, data);
  const std::int64_t best_epoch = train_model(o, data, context, out);
  stop_at_once(true);  // all that a test could leave behind is there
  const std::string model = out.file("model.safetensors"), best = "epoch " + std::to_string(best_epoch);
  test_baselines(baselines, o, data, metrics, context);
  log_learned("RecVAE", data.train, false);
  test_model(model, data, metrics, context, best, o.refit ? "chosen" : "");
  if (!o.refit) return;
  stop_at_once(false);
  refit(o, data, context, best_epoch, out);
  stop_at_once(true);
  test_model(model, data, metrics, context, "the refit of " + best, "");
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) { return recvae::tools::run_command("recvae_train", argc, argv, recvae::tools::train); }
