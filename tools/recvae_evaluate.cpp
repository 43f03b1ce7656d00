// Metrics of a trained model, or of a baseline, on held-out users.
#include "autodiff/parallel.h"
#include "baselines.h"
#include "command_line.h"
#include "data_summary.h"
#include "model_metadata.h"
#include "recvae/recvae.h"
#include "results.h"

namespace recvae::tools {
namespace {

constexpr std::uint64_t kBootstrapSeed = 1;
constexpr std::int64_t kListed = 10;  // in an example

struct Options {
  data::DataOptions data;
  Settings settings;  // what a model file does not hold is the paper's
  std::string model, baseline, compare, on = "test", per_user;
  BaselineOptions baseline_options;
  std::int64_t bootstrap = 0;
  bool json = false, assume_same_split = false;
  double layer_norm_eps = settings.layer_norm_eps;
  std::int64_t examples = 0;
  std::string example_users, item_names;
};

bool read_options(CommandLine& line, Options& o) {
  line.describe(
      "Prints a line per metric of a model (or a baseline) on the held-out users of the data.\n\n"
      "With --bootstrap also `interval METRIC: low high`, of 95 %.\n"
      "With --compare also `compared METRIC: mean` of the second model and `difference METRIC: mean low high p`, the "
      "first less the second on the same users.");
  line.version_note(engine());
  line.group("Evaluation");
  line.add("model", &o.model, "model.safetensors of recvae_train, or weights from PyTorch");
  line.add("baseline", &o.baseline, "popularity, ease or itemknn: evaluate this in place of a model");
  add_baseline_options(line, o.baseline_options);
  line.add("compare", &o.compare, "a second model, compared with the first user by user");
  line.flag("assume_same_split", &o.assume_same_split, "compare models that were trained on different rows, too");
  line.add("bootstrap", &o.bootstrap, "samples of the intervals (default: none; with --compare 10000)",
           in_range(1, 10'000'000));
  line.add("per_user", &o.per_user, "file to write: the metrics of every user, tab-separated");
  line.add("on", &o.on, "test (default) or validation");
  line.add("metrics", &o.settings.metrics,
           "default: the model's, else ndcg@100,recall@20,recall@50; without a cutoff: crossed with --topk; recall, "
           "precision, hit, ndcg, mrr, map, itemcoverage, averagepopularity, giniindex, shannonentropy, "
           "tailpercentage, gauc");
  line.add("topk", &o.settings.topk, "cutoffs");
  line.add("recall_denominator", &o.settings.recall_denominator,
           "min(k, n) or all n of a user's targets (default: min under a strong split, else all)");
  line.add("tail_ratio", &o.settings.tail_ratio,
           "of tailpercentage: share of the items that are tail; above 1: their most users (default: 0.1)");
  line.flag("json", &o.json, "one JSON object, 17 significant digits");
  line.add("layer_norm_eps", &o.layer_norm_eps, "of a model file without settings (default: 0.1)");
  line.add("eval_batch_size", &o.settings.eval_batch_size, "accepted; changes nothing");
  line.group("Examples");
  line.add("examples", &o.examples,
           "users to show after the metrics, evenly spread: the items given, those hidden that the list of 10 recovers "
           "and misses, and the list of popularity. Not with --json",
           at_least(1));
  line.add("example_users", &o.example_users,
           "file of user tokens, one a line: show those of them that are held out, at most --examples (default: all)");
  line.add("item_names", &o.item_names, "file of token<TAB>name lines. Examples show the names");
  add_data_options(line, o.data);
  if (!line.parse()) return false;
  line.require("data");
  if (o.model.empty() == o.baseline.empty()) throw data::UsageError("expected either --model or --baseline");
  if (o.on != "test" && o.on != "validation")
    throw data::UsageError("--on: expected test or validation, found '" + o.on + "'");
  if (o.json && (o.examples > 0 || !o.example_users.empty()))
    throw data::UsageError("expected --json or examples, found both");
  check_baseline(o.baseline.empty() ? "popularity" : o.baseline, o.baseline_options);
  o.settings.layer_norm_eps = o.layer_norm_eps;
  validate(o.settings);
  data::check_options(o.data, o.model.empty() && o.compare.empty());  // else the model may say the split
  return true;
}

/// Loads a model, if a path is given, and lets the first one decide on what the command line leaves open.
std::optional<LoadedModel> load(const std::string& path, bool decides, const CommandLine& line, Options& o) {
  if (path.empty()) return {};
  std::optional<LoadedModel> model = load_model(path, Load::model, o.layer_norm_eps);
  if (!decides || model->settings.empty()) return model;
  apply_data_metadata(path, model->settings, line, o.data);
  const Settings given = std::exchange(o.settings, settings_from_json(model->settings));
  take_given(line, given, o.settings);
  try {
    validate(o.settings);
  } catch (const std::invalid_argument& error) {  // the command line alone was right
    throw data::DataError(path + ": its settings and the options given do not go together: " + error.what());
  }
  return model;
}

/// The rows of the users that are shown, all of which have targets.
std::vector<std::int64_t> example_rows(const Options& o, const data::HeldOut& held_out) {
  if (o.example_users.empty()) return evenly_spread_users(held_out, o.examples);
  std::vector<std::int64_t> shown;
  const data::Vocabulary users(held_out.user_tokens);
  data::TextSource text = open_text(o.example_users);
  for (std::string_view token; text.next(token);) {
    const std::int64_t row = users.find(token);
    if (row < 0 || held_out.targets.row(row).empty()) continue;
    if (o.examples == 0 || std::ssize(shown) < o.examples) shown.push_back(row);
  }
  if (shown.empty()) log_warning(o.example_users + ": none of these users is held out and has anything to be found");
  return shown;
}

/// Blocks of text: of each user what is given, and what lists of the model and of popularity have of the rest.
std::string examples(const Options& o, const data::Dataset& data, const data::HeldOut& held_out, Scorer& scorer) {
  const std::vector<std::int64_t> rows = example_rows(o, held_out);
  const auto lists = best_items(scorer, held_out, rows, kListed),
             popular =
                 best_items(*make_baseline("popularity", data.baseline_rows(o.on == "test")), held_out, rows, kListed);
  std::unordered_map<std::string, std::string> names;
  if (!o.item_names.empty()) names = read_item_names(o.item_names);
  std::string text;
  const auto add = [&](std::string label, std::span<const std::int32_t> items, const auto& wanted) {
    std::string list;
    for (const std::int32_t item : items) {
      const std::string& token = data.item_tokens[data::as_size(item)];
      const auto name = names.find(token);
      if (wanted(item)) list += (list.empty() ? "" : ", ") + (name == names.end() ? token : name->second);
    }
    label.resize(14, ' ');
    text += label + (list.empty() ? "-" : wrapped(list, label.size())) + "\n";
  };
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const auto targets = held_out.targets.row(rows[k]);
    const auto any = [](std::int32_t) { return true; };
    const auto in = [](const auto& list) {
      return [&list](std::int32_t item) { return std::find(list.begin(), list.end(), item) != list.end(); };
    };
    text += "\n" + held_out.user_tokens[data::as_size(rows[k])] + "\n";
    add("  given", held_out.history.row(rows[k]), any);
    add("  recovered", targets, in(lists[k]));
    add("  missed", targets, [&](std::int32_t item) { return !in(lists[k])(item); });
    add("  popularity", popular[k], any);
    add("   recovered", targets, in(popular[k]));
  }
  return text;
}

/// Throws where one of the two may have seen what the other has to find.
void check_comparable(const LoadedModel& a, const LoadedModel& b, const Options& o) {
  if (o.assume_same_split || a.trained_on == b.trained_on) return;
  if (a.trained_on.empty() || b.trained_on.empty()) {
    return log_warning((a.trained_on.empty() ? o.model : o.compare) + " does not say what it was trained on");
  }
  throw data::DataError(o.model + " and " + o.compare + ": expected models trained on the same rows, found " +
                        data::excerpt(a.trained_on) + " and " + data::excerpt(b.trained_on) +
                        " (--assume_same_split compares them nevertheless)");
}

/// What somebody who is evaluated has learned from, as far as can be known.
enum class Learned { unknown, training, with_validation };

/// Says it of a model, and warns of one that has learned from other rows than this data set gives to learn from.
Learned learned_from(const std::string& path, const LoadedModel& model, const data::Dataset& data, bool on_test) {
  if (model.trained_on.empty()) return Learned::unknown;
  if (model.trained_on == data::fingerprint(data)) {
    log_learned(path, data.train, false);
    return Learned::training;
  }
  const data::UserItems all = data::training_and_validation(data);
  if (model.trained_on == data::fingerprint(all.rows, all.user_tokens, data.item_tokens)) {
    if (on_test)
      log_learned(path, all.rows, true);
    else
      log_warning(path + " was trained on the validation part, too: it has seen what it has to find here");
    return Learned::with_validation;
  }
  log_warning(path + " was not trained on this data's training part alone: it may have seen what it has to find");
  return Learned::unknown;
}

void evaluate_command(CommandLine& line) {
  Options o;
  if (!read_options(line, o)) return;
  stop_at_once(true);
  ad::set_threads(line.threads());

  fetch_text(o.data);
  std::optional<LoadedModel> model = load(o.model, true, line, o), second = load(o.compare, o.model.empty(), line, o);
  if (model && second) check_comparable(*model, *second, o);
  const data::Dataset data = data::load(o.data);
  log_summary(data.summary);
  if (model) match_items(o.model, *model, data.item_tokens);
  if (second) match_items(o.compare, *second, data.item_tokens);
  const data::HeldOut& held_out = o.on == "test" ? data.test : data.validation;
  if (held_out.targets.nnz() == 0) {
    throw data::DataError(o.data.path + ": no " + o.on + " users have anything to be found");
  }
  if (!o.per_user.empty()) check_per_user(o.per_user, o.data.path, held_out.user_tokens);
  const bool on_test = o.on == "test";
  const data::Csr& baseline_rows = data.baseline_rows(on_test);
  Learned learned = baseline_rows.nnz() > data.train.nnz() ? Learned::with_validation : Learned::training;
  if (model) {
    learned = learned_from(o.model, *model, data, on_test);
  } else {
    announce_baseline(o.baseline, data.train, o.baseline_options);
    log_learned(o.baseline, baseline_rows, learned == Learned::with_validation);
  }
  if (second && !model && second->trained_on.empty()) log_warning(o.compare + " does not say what it was trained on");
  if (second && !(model && model->trained_on == second->trained_on)) {
    const Learned other = learned_from(o.compare, *second, data, on_test);
    if (other != learned && other != Learned::unknown && learned != Learned::unknown)
      log_warning("one of the two has learned from validation rows, too: they are not on equal terms");
  }
  const std::unique_ptr<Scorer> scorer =
      model ? model_scorer(model->model) : make_baseline(o.baseline, baseline_rows, o.baseline_options);
  const std::vector<Metric> metrics = parse_metrics(o.settings.metrics, o.settings.topk);
  const MetricContext context = metric_context(data, o.settings);
  const Evaluation result = evaluate(*scorer, held_out, metrics, context);
  log_info(std::to_string(result.users()) + " " + o.on + " users; " + engine());

  Report report{result.means, {}, {}, {}};
  if (o.bootstrap > 0) report.intervals = bootstrap(result, o.bootstrap, kBootstrapSeed);
  if (second) {
    const Evaluation compared = evaluate(*model_scorer(second->model), held_out, metrics, context);
    report.compared_means = compared.means;
    report.differences = compare(result, compared, o.bootstrap > 0 ? o.bootstrap : 10'000, kBootstrapSeed);
  }
  const bool shows = o.examples > 0 || !o.example_users.empty();
  const std::string shown = shows ? examples(o, data, held_out, *scorer) : "";
  stop_at_once(false);
  if (!o.per_user.empty()) write_per_user(o.per_user, held_out.user_tokens, metrics, result);
  (o.json ? print_json : print_report)(metrics, report);
  std::fputs(shown.c_str(), stdout);
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) {
  return recvae::tools::run_command("recvae_evaluate", argc, argv, recvae::tools::evaluate_command);
}
