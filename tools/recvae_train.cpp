// Trains RecVAE on interaction data, choosing the best epoch on validation users, and tests it.
#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "autodiff/parallel.h"
#include "baselines.h"
#include "command_line.h"
#include "data/read/input.h"
#include "model_metadata.h"
#include "output_directory.h"
#include "progress.h"
#include "recvae/recvae.h"
#include "results.h"

namespace recvae::tools {
namespace {

// Numbers of the layers among the streams of the seed: each draw is its own.
constexpr std::uint32_t kEncoderLayer = 0, kOldEncoderLayer = 8, kDecoderLayer = 16;

struct Options {
  data::DataOptions data;
  std::string preset_name = "paper", init_from, out;
  bool overwrite = false;
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

bool read_options(CommandLine& line, Options& o) {
  Settings given;
  line.describe(
      "Trains RecVAE (Shenbin et al., WSDM 2020) on interaction data and tests the best epoch.\n"
      "Results go to stdout, a line per metric; progress to stderr; weights and metrics.jsonl to --out.");
  line.version_note(engine());
  line.group("Run");
  line.add("preset", &o.preset_name, "paper (default), wsdm: settings that the options below change");
  line.add("init_from", &o.init_from, "start from the weights of this .safetensors file");
  line.add("out", &o.out, "directory to write (default: runs/<data>-<time>)");
  line.flag("overwrite", &o.overwrite, "replace an earlier run in --out");
  line.add(
      "baselines", &o.baselines,
      "tested on the same users: popularity, ease, itemknn, or none (default: popularity, and ease where it fits in "
      "half the free memory and about a minute)");
  add_baseline_options(line, o.baseline_options, "the best of 10, 50, 250 and 1250 on validation, if quick, else 250");
  add_data_options(line, o.data);
  line.group("Model and training");
  Settings::visit(
      [&](const char* name, const char* help, auto& member) {
        line.add(name, &member, std::string(help) + " (paper: " + text_of(member) + ")");
      },
      given);
  if (!line.parse()) return false;
  line.require("data");
  o.baselines_given = line.given("baselines");
  if (o.baselines.size() == 1 && is_none(o.baselines[0])) o.baselines.clear();
  o.lambda_given = line.given("lambda");
  as_usage([&] {
    o.settings = preset(o.preset_name);
    take_given(line, given, o.settings);
    validate(o.settings);
    o.data.seed = static_cast<std::uint64_t>(o.settings.seed);
    data::check_options(o.data);
    for (const std::string& name : o.baselines) check_baseline(name, o.baseline_options);
    check_baseline("ease", o.baseline_options);
  });
  return true;
}

std::string default_out(const std::string& data_path) {
  const std::string name = data_path == "-" ? "stdin" : data::base_name(data_path);
  const std::time_t now = std::time(nullptr);
  char time[32];
  std::strftime(time, sizeof time, "%Y%m%d-%H%M%S", std::localtime(&now));
  const std::string out = "runs/" + name.substr(0, name.find('.')) + "-" + time;
  std::string unused = out;
  for (int n = 2; std::filesystem::exists(unused); ++n) unused = out + "-" + std::to_string(n);
  return unused;
}

std::string with_thousands(double number) {
  std::string digits = std::to_string(std::llround(number));
  for (std::size_t at = digits.size(); at > 3 && at - 3 > 0; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string fixed(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

/// The model before training, and the encoder of its first old posterior.
struct FreshModel {
  RecVae<float> model;
  std::optional<Encoder<float>> old_encoder;
};

FreshModel make_model(const Options& o, const std::vector<std::string>& item_tokens) {
  const Settings& s = o.settings;
  const auto items = static_cast<ad::Index>(item_tokens.size()), hidden = s.hidden_dimension,
             latent = s.latent_dimension;
  const auto init = s.init == "torch" ? ad::nn::Init::torch : ad::nn::Init::xavier_normal;
  const auto seed = static_cast<std::uint64_t>(s.seed);
  FreshModel f;
  f.model.encoder = Encoder<float>(items, hidden, latent, s.layer_norm_eps, init, seed, kEncoderLayer);
  f.model.decoder = ad::nn::Linear<float>(latent, items, seed, init, kDecoderLayer);
  f.old_encoder = Encoder<float>(items, hidden, latent, s.layer_norm_eps, init, seed, kOldEncoderLayer);
  bool old_given = false;
  if (!o.init_from.empty()) {
    const LoadedModel loaded = load_model(o.init_from, Load::with_old_encoder, s.layer_norm_eps);
    const ItemMapping mapping = take_over(loaded, f.model, *f.old_encoder, item_tokens);
    old_given = loaded.old_encoder.has_value();
    log_info("initial weights from " + o.init_from + ": " + std::to_string(mapping.kept) + " items kept, " +
             std::to_string(mapping.fresh) + " new, " + std::to_string(mapping.dropped) + " dropped");
  }
  if (s.prior_init == "encoder" && !old_given) f.old_encoder = f.model.encoder;
  return f;
}

nlohmann::ordered_json epoch_record(const EpochReport& r, const std::vector<Metric>& metrics, const Evaluation* valid,
                                    double valid_seconds) {
  nlohmann::ordered_json j;
  j["epoch"] = r.epoch;
  j["train_loss"] = r.train_loss();
  j["train_mll"] = r.train_mll;
  j["train_kld"] = r.train_kld;
  j["decoder_mll"] = r.decoder_mll ? nlohmann::ordered_json(*r.decoder_mll) : nlohmann::ordered_json(nullptr);
  j["valid"] = nullptr;
  for (std::size_t m = 0; valid && m < metrics.size(); ++m) j["valid"][metrics[m].label()] = valid->means[m];
  j["seconds"] = r.seconds;
  j["valid_seconds"] = valid_seconds;
  j["users_per_second"] = r.users_per_second;
  return j;
}

/// Weight files hold the tokens as JSON: a token that cannot be there is better known before the training than after.
void require_utf8(const std::string& path, const std::vector<std::string>& item_tokens) {
  for (const std::string& token : item_tokens) {
    try {
      nlohmann::json(token).dump();
    } catch (const nlohmann::json::exception&) {
      throw data::DataError(path + ": expected item ids in UTF-8, found " + data::excerpt(token));
    }
  }
}

bool has_targets(const data::HeldOut& h) { return h.targets.nnz() > 0; }

/// One outer epoch, with a bar.
EpochReport train_epoch(Trainer& trainer, const Settings& s, std::int64_t users) {
  const std::int64_t passes = s.alternating ? s.n_enc_epochs + s.n_dec_epochs : 1;
  Progress bar("epoch " + std::to_string(trainer.state().epoch) + "/" + std::to_string(s.epochs), passes * users,
               "users");
  for (;;) {
    if (stop_requested()) throw data::Stopped();
    if (const std::optional<EpochReport> report = trainer.step()) return *report;
    bar.advance(std::min(s.train_batch_size, users));
  }
}

/// Trains a model, writes it to `out` and returns the epoch that is best on validation. The model and its training
/// state, most of the memory, are then gone.
std::int64_t train_model(const Options& o, const data::Dataset& data, const std::vector<Metric>& metrics,
                         const MetricContext& context, OutputDirectory& out) {
  const Settings& s = o.settings;
  const std::string metadata = settings_metadata(s, o.data);
  const Metric valid_metric = parse_metrics({s.valid_metric}, {})[0];
  std::vector<Metric> valid_metrics = metrics;
  if (std::find(metrics.begin(), metrics.end(), valid_metric) == metrics.end()) valid_metrics.push_back(valid_metric);
  const auto valid_place = static_cast<std::size_t>(
      std::find(valid_metrics.begin(), valid_metrics.end(), valid_metric) - valid_metrics.begin());

  FreshModel fresh = make_model(o, data.item_tokens);
  RecVae<float>& model = fresh.model;
  log_info("RecVAE " + std::to_string(model.items()) + " items, hidden " + std::to_string(model.hidden()) +
           ", latent " + std::to_string(model.latent()) + ": " +
           with_thousands(static_cast<double>(ad::nn::parameter_count(model))) + " parameters; " + engine());
  Trainer trainer(s, data.train, model, *fresh.old_encoder);
  out.open();
  // From the first update on the old encoder is the encoder itself, as it was after its passes and still is. One that
  // is never updated is only needed in files, and waits in one.
  std::optional<ad::nn::SafetensorsReader> kept_old_encoder;
  if (s.prior_update == "never") {
    const std::string path = out.file(".old_encoder.safetensors");
    save_old_encoder(path, *fresh.old_encoder);
    kept_old_encoder.emplace(path);
    std::filesystem::remove(path);  // the open file outlives its name, and needs no cleaning up
  }
  fresh.old_encoder.reset();
  const auto save = [&](const std::string& name) {
    if (kept_old_encoder)
      save_model(out.file(name), model, *kept_old_encoder, metadata, data.item_tokens);
    else
      save_model(out.file(name), model, model.encoder, metadata, data.item_tokens);
  };

  std::ofstream log;
  std::optional<double> best;
  std::int64_t best_epoch = 0, without_gain = 0;
  for (std::int64_t epoch = 1; epoch <= s.epochs; ++epoch) {
    const EpochReport report = train_epoch(trainer, s, data.train.rows());
    if (epoch == 1) {
      out.begin_results();
      log.open(out.file("metrics.jsonl"), std::ios::trunc);
    }
    std::optional<Evaluation> valid;
    double valid_seconds = 0;
    if (has_targets(data.validation) && (epoch % s.eval_step == 0 || epoch == s.epochs)) {
      const auto start = std::chrono::steady_clock::now();
      valid = evaluate(*model_scorer(model), data.validation, valid_metrics, context);
      valid_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    save("checkpoint/model.safetensors");
    std::string note;
    if (valid) {
      const double value = valid->means[valid_place];
      note = "  " + valid_metric.label() + " " + fixed(value, 4);
      if (is_better(valid_metric, value, best)) {
        best = value;
        best_epoch = epoch;
        without_gain = 0;
        save("model.safetensors");
        note += " *";
      } else {
        ++without_gain;
      }
    } else if (!has_targets(data.validation)) {
      best_epoch = epoch;  // nothing to choose by: the last epoch is kept
      save("model.safetensors");
    }
    log << epoch_record(report, valid_metrics, valid ? &*valid : nullptr, valid_seconds).dump() << std::endl;
    if (!log) throw data::DataError(out.file("metrics.jsonl") + ": cannot be written");
    log_info("epoch " + std::to_string(epoch) + "/" + std::to_string(s.epochs) + "  loss " +
             fixed(report.train_loss(), 3) + "  mll " + fixed(report.train_mll, 3) + "  kld " +
             fixed(report.train_kld, 3) + note + "  " + fixed(report.seconds, 2) + " s, " +
             with_thousands(report.users_per_second) + " users/s");
    if (s.stopping_step && without_gain > *s.stopping_step) {
      log_info("no improvement in " + std::to_string(without_gain) + " evaluations: stopped");
      break;
    }
  }
  return best_epoch;
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

/// The test result of a baseline.
Evaluation test_baseline(const std::string& name, const Options& o, const data::Dataset& data,
                         const std::vector<Metric>& metrics, const MetricContext& context) {
  BaselineOptions options = o.baseline_options;
  if (name == "ease") {
    if (!o.lambda_given) {
      options.lambda = choose_lambda(data, parse_metrics({o.settings.valid_metric}, {})[0], context, options);
    }
    log_info("ease: lambda " + text_of(options.lambda));
  }
  const auto baseline = make_baseline(name, data.baseline_rows(true), options);
  return evaluate(*baseline, data.test, metrics, context);
}

/// Prints the test result of the baselines, then of the best model, on the same users.
void test(const Options& o, const data::Dataset& data, const std::vector<std::string>& baselines,
          const std::vector<Metric>& metrics, const MetricContext& context, const std::string& model_path,
          std::int64_t best_epoch) {
  if (!has_targets(data.test)) {
    log_warning("no test users have anything to be found: no test result");
    return;
  }
  for (const std::string& name : baselines) {
    try {
      print_metrics(metrics, test_baseline(name, o, data, metrics, context).means, name);
    } catch (const ad::Error& error) {  // the model's own result is not lost for it
      log_warning(name + ": " + error.what());
    } catch (const std::bad_alloc&) {
      log_warning(name + ": not enough memory");
    }
  }
  const RecVae<float> best_model = load_model(model_path, Load::model).model;
  const Evaluation result = evaluate(*model_scorer(best_model), data.test, metrics, context);
  log_info("test of epoch " + std::to_string(best_epoch) + " on " +
           with_thousands(static_cast<double>(result.users())) + " users; " + model_path);
  print_metrics(metrics, result.means);
}

void train(CommandLine& line) {
  Options o;
  if (!read_options(line, o)) return;
  ad::set_threads(line.threads());
  OutputDirectory out(o.out.empty() ? default_out(o.data.path) : o.out, o.overwrite);

  fetch_text(o.data);
  const data::Dataset data = data::load(o.data);
  o.data.text.reset();
  log_info(describe(data.summary));
  require_utf8(o.data.path, data.item_tokens);
  const std::vector<Metric> metrics = parse_metrics(o.settings.metrics, o.settings.topk);
  const MetricContext context = metric_context(data, o.settings);
  const std::vector<std::string> baselines = choose_baselines(o, data);
  const std::int64_t best_epoch = train_model(o, data, metrics, context, out);
  stop_at_once(true);  // all that a test could leave behind is there
  test(o, data, baselines, metrics, context, out.file("model.safetensors"), best_epoch);
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) { return recvae::tools::run_command("recvae_train", argc, argv, recvae::tools::train); }
