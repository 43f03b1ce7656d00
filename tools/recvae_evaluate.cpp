// Metrics of a trained model, of a baseline, or of a blend, on held-out users.
#include <algorithm>

#include "autodiff/parallel.h"
#include "baselines.h"
#include "blending.h"
#include "command_line.h"
#include "data_summary.h"
#include "model_metadata.h"
#include "ranker.h"
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
  BlendOptions blend;
  std::int64_t bootstrap = 0;
  bool json = false, assume_same_split = false;
  double layer_norm_eps = settings.layer_norm_eps;
  std::int64_t examples = 0;
  std::string example_users, item_names;
};

bool read_options(CommandLine& line, Options& o) {
  line.describe(
      "Prints a line per metric of a model (or a baseline, or a blend) on the held-out users of the data.\n\n"
      "With --bootstrap also `interval METRIC: low high`, of 95 %.\n"
      "With --compare also `compared METRIC: mean` of the second model and `difference METRIC: mean low high p`, the "
      "first less the second on the same users.");
  line.version_note(engine());
  line.group("Evaluation");
  line.add("model", &o.model, "model.safetensors of recvae_train, its ease.safetensors, or weights from PyTorch");
  line.add("baseline", &o.baseline, "popularity, ease, edlae or itemknn: evaluate this in place of a model");
  add_baseline_options(line, o.baseline_options,
                       "of ease 250; of edlae, and in a blend, the best power of two on validation");
  add_blend_options(line, o.blend, "; beside --model, if there is one");
  line.add("valid_metric", &o.settings.valid_metric, "metric that chooses on validation (default: the model's)");
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
  if (o.blend.is_asked_for() ? !o.baseline.empty() : o.model.empty() == o.baseline.empty())
    throw data::UsageError("expected either --model or --baseline, or --blend");
  check_blend(line, o.blend, !o.model.empty());
  if (o.on != "test" && o.on != "validation")
    throw data::UsageError("--on: expected test or validation, found '" + o.on + "'");
  if (o.json && (o.examples > 0 || !o.example_users.empty()))
    throw data::UsageError("expected --json or examples, found both");
  check_baseline(o.baseline.empty() ? "popularity" : o.baseline, o.baseline_options);
  o.settings.layer_norm_eps = o.layer_norm_eps;
  validate(o.settings);
  const bool says_split = !o.model.empty() || !o.compare.empty() || o.blend.is_asked_for();
  data::check_options(o.data, !says_split);  // else a file may say it
  return true;
}

/// Lets a weight file decide on what the command line leaves open.
void take_settings(const std::string& path, const Ranker& ranker, const CommandLine& line, Options& o) {
  if (ranker.settings().empty()) return;
  apply_data_metadata(path, ranker.settings(), line, o.data);
  const Settings given = std::exchange(o.settings, settings_from_json(ranker.settings()));
  take_given(line, given, o.settings);
  try {
    validate(o.settings);
  } catch (const std::invalid_argument& error) {  // the command line alone was right
    throw data::DataError(path + ": its settings and the options given do not go together: " + error.what());
  }
}

/// Who is evaluated: the model, the baseline or the parts of the blend. The first file decides.
std::vector<Part> read_evaluated(const CommandLine& line, Options& o) {
  std::vector<Part> parts = read_parts(o.blend, o.baseline_options, o.layer_norm_eps);
  if (!o.model.empty()) parts.insert(parts.begin(), {o.model, load_ranker(o.model, o.layer_norm_eps), {}});
  if (!o.baseline.empty()) parts.push_back({o.baseline, {}, o.baseline_options});
  if (const Part* first = first_file(parts)) take_settings(first->name, *first->file, line, o);
  return parts;
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

/// Throws where a part or the second one may have seen what the other has to find.
void check_comparable(const std::vector<Part>& parts, const Ranker& b, const Options& o) {
  const std::string& second = b.trained_on();
  std::vector<std::string> silent;
  for (const Part& part : parts) {
    if (!part.file || o.assume_same_split) continue;
    const std::string& first = part.file->trained_on();
    if (first.empty() != second.empty()) silent.push_back(first.empty() ? part.name : o.compare);
    if (first == second || first.empty() || second.empty()) continue;
    throw data::DataError(part.name + " and " + o.compare + ": expected models trained on the same rows, found " +
                          data::excerpt(first) + " and " + data::excerpt(second) +
                          " (--assume_same_split compares them nevertheless)");
  }
  silent.erase(std::unique(silent.begin(), silent.end()), silent.end());  // the second one would be named often
  for (const std::string& name : silent) log_warning(name + " does not say what it was trained on");
}

/// What somebody who is evaluated has learned from, as far as can be known.
enum class Learned { unknown, training, with_validation };

/// Says it of a model, and warns of one that has learned from other rows than this data set gives to learn from.
Learned learned_from(const std::string& path, const Ranker& model, const data::Dataset& data, bool on_test) {
  if (model.trained_on().empty()) return Learned::unknown;
  if (model.trained_on() == data::fingerprint(data)) {
    log_learned(path, data.train, false);
    return Learned::training;
  }
  const data::UserItems all = data::training_and_validation(data);
  if (model.trained_on() == data::fingerprint(all.rows, all.user_tokens, data.item_tokens)) {
    if (on_test)
      log_learned(path, all.rows, true);
    else
      log_warning(path + " was trained on the validation part, too: it has seen what it has to find here");
    return Learned::with_validation;
  }
  log_warning(path + " was not trained on this data's training part alone: it may have seen what it has to find");
  return Learned::unknown;
}

/// The same of each part, warned of where they are not on equal terms; what the first one has learned from.
Learned parts_learned_from(const std::vector<Part>& parts, const data::Dataset& data, bool on_test) {
  const data::Csr& rows = data.baseline_rows(on_test);
  const bool with_validation = rows.nnz() > data.train.nnz();
  std::vector<Learned> learned;
  for (const Part& part : parts) {
    if (part.file) {
      learned.push_back(learned_from(part.name, *part.file, data, on_test));
    } else {
      log_learned(part.name, rows, with_validation);
      learned.push_back(with_validation ? Learned::with_validation : Learned::training);
    }
  }
  if (std::ranges::count(learned, Learned::training) > 0 && std::ranges::count(learned, Learned::with_validation) > 0)
    log_warning("some parts have learned from validation rows, too: they are not on equal terms");
  return learned.front();
}

/// Warns of what the second, compared one has learned from. `first`: the first file's, if there is one.
void compare_learned(const Ranker* first, Learned learned, const Ranker& second, const data::Dataset& data,
                     const Options& o) {
  if (!first && second.trained_on().empty()) log_warning(o.compare + " does not say what it was trained on");
  if (first && first->trained_on() == second.trained_on()) return;
  const Learned other = learned_from(o.compare, second, data, o.on == "test");
  if (other != learned && other != Learned::unknown && learned != Learned::unknown)
    log_warning("one of the two has learned from validation rows, too: they are not on equal terms");
}

/// Chooses on validation what is to be chosen of baselines that are learned here.
void choose_options(std::vector<Part>& parts, const data::Dataset& data, const MetricContext& context,
                    const CommandLine& line, const Options& o) {
  EaseFixed fixed = given_options(line);
  if (!o.blend.is_asked_for()) fixed.lambda = fixed.lambda || o.baseline == "ease";  // whose default is a number
  announce_parts(parts, data.train);
  for (Part& part : parts) {
    if (part.file) continue;
    const auto found = find_options(part.name, data, valid_metric(o.settings), context, part.baseline, fixed);
    if (!found) continue;
    part.baseline = *found;
    if (o.on == "validation")
      log_warning("the settings of " + part.name + " are chosen on the users that they are evaluated on");
  }
}

/// Parts as scorers, and of a blend their weights.
struct Scorers {
  std::vector<BlendPart> parts;
  std::vector<double> weights;
};

/// Weights that are not given are chosen on validation, of parts that have learned from the training part alone: where
/// what is evaluated learns from more, those come first, and are gone before the others take their memory.
Scorers make_scorers(const std::vector<Part>& parts, const data::Dataset& data, const MetricContext& context,
                     const Options& o) {
  const data::Csr& rows = data.baseline_rows(o.on == "test");
  Scorers scorers;
  const auto choose = [&](const std::vector<BlendPart>& on_training) {
    scorers.weights = blend_weights(o.blend, parts, on_training, data.validation, valid_metric(o.settings), context);
  };
  const bool chooses = o.blend.is_asked_for() && o.blend.is_auto();
  if (chooses) {
    if (o.on == "validation") log_warning("the weights are chosen on the users that they are evaluated on");
    require_unseen_validation(parts, data);
    if (rows.nnz() > data.train.nnz()) choose(part_scorers(parts, data.train));
  }
  scorers.parts = part_scorers(parts, rows);
  if (o.blend.is_asked_for() && scorers.weights.empty()) choose(scorers.parts);
  return scorers;
}

/// The parts of a blend, one by one, and the blend, each with a log line of the first metric and of the speed.
Evaluation evaluate_blend(const Scorers& scorers, Scorer& blend, const data::HeldOut& held_out,
                          const std::vector<Metric>& metrics, const MetricContext& context) {
  const auto evaluate_one = [&](const std::string& who, Scorer& scorer) {
    TimedEvaluation timed = evaluate_timed(scorer, held_out, metrics, context);
    log_info(who + ": " + metrics[0].label() + formatted(" %.4f, ", timed.result.means[0]) + timed.rate);
    return std::move(timed.result);
  };
  for (const BlendPart& part : scorers.parts) evaluate_one(part.name, *part.scorer);
  return evaluate_one("blend", blend);
}

void evaluate_command(CommandLine& line) {
  Options o;
  if (!read_options(line, o)) return;
  stop_at_once(true);
  ad::set_threads(line.threads());

  fetch_text(o.data);
  std::vector<Part> parts = read_evaluated(line, o);
  std::optional<Ranker> second;
  if (!o.compare.empty()) second = load_ranker(o.compare, o.layer_norm_eps);
  const Part* const first = first_file(parts);
  if (second && !first) take_settings(o.compare, *second, line, o);
  if (second) check_comparable(parts, *second, o);
  const data::Dataset data = data::load(o.data);
  log_summary(data.summary);
  match_parts(parts, data.item_tokens);
  if (second) match_items(o.compare, *second, data.item_tokens);
  const bool on_test = o.on == "test";
  const data::HeldOut& held_out = on_test ? data.test : data.validation;
  if (held_out.targets.nnz() == 0) {
    throw data::DataError(o.data.path + ": no " + o.on + " users have anything to be found");
  }
  if (!o.per_user.empty()) check_per_user(o.per_user, o.data.path, held_out.user_tokens);
  const MetricContext context = metric_context(data, o.settings);
  choose_options(parts, data, context, line, o);
  const Learned learned = parts_learned_from(parts, data, on_test);
  if (second) compare_learned(first ? &*first->file : nullptr, learned, *second, data, o);
  const std::vector<Metric> metrics = parse_metrics(o.settings.metrics, o.settings.topk);
  const Scorers scorers = make_scorers(parts, data, context, o);
  const bool blends = o.blend.is_asked_for();
  const std::shared_ptr<Scorer> scorer =
      blends ? blend_scorer(scorers.parts, scorers.weights) : scorers.parts[0].scorer;
  const Evaluation result = blends ? evaluate_blend(scorers, *scorer, held_out, metrics, context)
                                   : evaluate(*scorer, held_out, metrics, context);
  log_info(std::to_string(result.users()) + " " + o.on + " users; " + engine());

  Report report{result.means, {}, {}, {}};
  if (o.bootstrap > 0) report.intervals = bootstrap(result, o.bootstrap, kBootstrapSeed);
  if (second) {
    const Evaluation compared = evaluate(*second->scorer(), held_out, metrics, context);
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
