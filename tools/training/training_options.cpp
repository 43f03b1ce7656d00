#include "training_options.h"

#include <ctime>
#include <filesystem>

#include "data/read/raw.h"
#include "model_metadata.h"
#include "recbole/keys.h"
#include "recvae/presets.h"
#include "recvae/tune/space.h"

namespace recvae::tools {
namespace {

/// RecBole's defaults of a model of its that is one of ours; none: it has another name.
std::optional<Settings> recbole_model(const std::string& name) {
  if (name != "MultiVAE" && name != "MultiDAE") return {};
  Settings s = preset(name == "MultiVAE" ? "multvae" : "multdae");
  s.latent_dimension = 64;  // RecBole's 128 of MultiVAE are 64 means and 64 log variances
  return s;
}

/// Takes the model that --model names.
void take_named_model(const CommandLine& line, const TrainingOptions& o, Settings& s) {
  if (const std::optional<Settings> named = recbole_model(o.model)) {
    if (s.encoder == named->encoder) return;
    take_model(*named, s);
  } else if (line.given("model") && s.encoder != "recvae") {
    throw data::UsageError("model: expected what --preset " + o.preset + " is, found " + o.model);
  }
}

/// RecBole's way with data, where nothing else is given: parts by ratio, repeated pairs as rows, one seed for all,
/// tests from training items. What has no meaning for the data is left alone.
void take_recbole_split(const CommandLine& line, TrainingOptions& o, bool check_only) {
  using data::OptionUse;
  data::DataOptions& d = o.data;
  if (o.preset != "recbole" && line.spelling("split") != "eval_args") return;
  const bool given = !check_only && line.given("data") && d.path != "-" && d.path != "demo";
  const data::Input input = given ? data::find_input(d) : data::Input{};
  if (input.kind != data::Input::Kind::raw && line.spelling("split") == "eval_args") {  // as RecBole has it
    d.split.reset();
    if (line.spelling("ratios") == "eval_args") d.ratios.clear();
    if (line.spelling("order") == "eval_args") d.order.reset();
    if (line.spelling("group_by") == "eval_args") d.group_by.reset();
    log_warning("without meaning, as " + d.path + " is already split: eval_args");
  }
  if (o.preset != "recbole") return;
  if (data::has_meaning(OptionUse::seed, input) && !d.split_seed) d.split_seed = o.settings.seed;
  if (data::has_meaning(OptionUse::history, input) && !d.test_history) d.test_history = data::TestHistory::train;
  if (input.kind != data::Input::Kind::raw) return;
  if (!d.split) d.split = data::SplitKind::ratio;
  if (!d.rm_dup_inter) d.rm_dup_inter = data::Repeated::stay;
}

}  // namespace

void add_training_options(CommandLine& line, TrainingOptions& o) {
  line.dialect(recbole_dialect());
  line.add("preset", &o.preset,
           "paper (default), wsdm, recbole, multvae, multdae: settings that the options below change");
  line.config();
  add_data_options(line, o.data);
  line.group("RecBole's spelling");
  line.recbole_spelling();
  line.add("model", &o.model, "RecBole's: RecVAE, MultiVAE or MultiDAE", [](const std::string& name) {
    if (name != "RecVAE" && !recbole_model(name)) throw std::invalid_argument("RecVAE, MultiVAE or MultiDAE");
  });
  line.group("Model and training");
  const Settings paper;
  Settings::visit(
      [&](const char* name, const char* help, auto& member) {
        line.add(name, &member, std::string(help) + " (paper: " + tune::value_of(paper, name) + ")");
      },
      o.given);
}

void resolve(const CommandLine& line, TrainingOptions& o) {
  const bool spelled_as_recbole = line.given("config_files") || line.given("dataset") || line.given("model");
  if (spelled_as_recbole && !line.given("preset")) {
    o.preset = "recbole";
    log_info("preset: recbole");
  }
  line.check([&] {
    o.settings = preset(o.preset);
    take_named_model(line, o, o.settings);
    take_given(line, o.given, o.settings);
    validate(o.settings);
    TrainingOptions of_raw_data = o;  // what the line alone shows to be wrong comes first
    take_recbole_split(line, of_raw_data, true);
    if (line.given("data")) data::check_options(of_raw_data.data);
    take_recbole_split(line, o, false);
  });
}

std::string default_out(const std::string& prefix, const std::string& data_path) {
  const std::string name = data_path == "-" ? "stdin" : data::base_name(data_path);
  const std::time_t now = std::time(nullptr);
  char time[32];
  std::strftime(time, sizeof time, "%Y%m%d-%H%M%S", std::localtime(&now));
  const std::string out = "runs/" + prefix + name.substr(0, name.find('.', 1)) + "-" + time;
  std::string unused = out;
  for (int n = 2; std::filesystem::exists(unused); ++n) unused = out + "-" + std::to_string(n);
  return unused;
}

}  // namespace recvae::tools
