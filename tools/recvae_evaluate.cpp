// Metrics of a trained model, or of a baseline, on held-out users.
#include <nlohmann/json.hpp>

#include "autodiff/parallel.h"
#include "command_line.h"
#include "model_metadata.h"
#include "recvae/recvae.h"
#include "results.h"

namespace recvae::tools {
namespace {

void evaluate_command(CommandLine& line) {
  data::DataOptions data_options;
  Settings settings;  // what a model file does not hold is the paper's
  std::string model_path, baseline, on = "test", recall_denominator;
  bool json = false;
  line.describe("Prints a line per metric of a model (or a baseline) on the held-out users of the data.");
  line.version_note(engine());
  line.group("Evaluation");
  line.add("model", &model_path, "model.safetensors of recvae_train, or weights from PyTorch");
  line.add("baseline", &baseline, "popularity: evaluate this in place of a model");
  line.add("on", &on, "test (default) or validation");
  line.add("metrics", &settings.metrics,
           "default: ndcg@100,recall@20,recall@50; without a cutoff: crossed with --topk");
  line.add("topk", &settings.topk, "cutoffs");
  line.add("recall_denominator", &recall_denominator,
           "min(k, n) or all n (default: min under a strong split, else all)");
  line.flag("json", &json, "one JSON object, 17 significant digits");
  line.add("layer_norm_eps", &settings.layer_norm_eps, "of a model file without settings (default: 0.1)");
  line.add("eval_batch_size", &settings.eval_batch_size, "accepted; evaluation always takes 64 users at a time");
  add_data_options(line, data_options);
  line.add("seed", &settings.seed,
           "seed of the validation part where files give train and test only (default: the model's, else 1337)");
  if (!line.parse()) return;
  line.require("data");
  if (model_path.empty() == baseline.empty()) throw data::UsageError("expected either --model or --baseline");
  if (!baseline.empty() && baseline != "popularity")
    throw data::UsageError("--baseline: expected popularity, found '" + baseline + "'");
  if (on != "test" && on != "validation")
    throw data::UsageError("--on: expected test or validation, found '" + on + "'");
  if (!recall_denominator.empty() && recall_denominator != "min" && recall_denominator != "all") {
    throw data::UsageError("--recall_denominator: expected min or all, found '" + recall_denominator + "'");
  }
  const std::vector<Metric> metrics = as_usage([&] {
    validate(settings);
    data::check_options(data_options);
    return parse_metrics(settings.metrics, settings.topk);
  });
  ad::set_threads(line.threads());

  std::optional<LoadedModel> model;
  if (!model_path.empty()) model = load_model(model_path, Load::model, settings.layer_norm_eps);
  fetch_text(data_options);
  if (model) {
    apply_data_metadata(model->settings, line, data_options);
    if (!model->settings.empty() && !line.given("seed")) settings.seed = settings_from_json(model->settings).seed;
  }
  data_options.seed = static_cast<std::uint64_t>(settings.seed);
  const data::Dataset data = data::load(data_options);
  if (model) match_items(model_path, *model, data.item_tokens);
  const data::HeldOut& held_out = on == "test" ? data.test : data.validation;
  const bool min = recall_denominator.empty() ? data.strong : recall_denominator == "min";
  const std::unique_ptr<Scorer> scorer =
      model ? model_scorer(model->model) : popularity_scorer(data.baseline_rows(on == "test"));
  const Evaluation result = evaluate(*scorer, held_out, metrics, min ? RecallDenominator::min : RecallDenominator::all);
  if (result.users == 0) throw data::DataError(data_options.path + ": no " + on + " users have anything to be found");
  log_info(std::to_string(result.users) + " " + on + " users");
  if (!json) {
    print_metrics(metrics, result.means, baseline);
    return;
  }
  std::string text;
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    char number[40];
    std::snprintf(number, sizeof number, "%.17g", result.means[m]);
    text += (text.empty() ? "" : ", ") + nlohmann::json(metrics[m].label()).dump() + ": " + number;
  }
  std::printf("{%s}\n", text.c_str());
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) {
  return recvae::tools::run_command("recvae_evaluate", argc, argv, recvae::tools::evaluate_command);
}
