// Searches settings: trains RecVAE with each of a set of them and says which are best on validation users.
#include <algorithm>
#include <cmath>

#include "autodiff/parallel.h"
#include "baselines.h"
#include "command_line.h"
#include "data/fingerprint.h"
#include "data/load.h"
#include "data_summary.h"
#include "progress.h"
#include "recbole/keys.h"
#include "recvae/evaluate/evaluator.h"
#include "recvae/model_file.h"
#include "recvae/tune/run.h"
#include "recvae/tune/table.h"
#include "results.h"
#include "training/output_directory.h"
#include "training/run_config.h"
#include "training/training_options.h"
#include "tune/files.h"

namespace recvae::tools {
namespace {

struct Options {
  SearchLog log;  // what is asked for, and where a search goes on what it has found
  std::string out, resume;
  std::int64_t parallel = 0;
};

void check_algo(const std::string& name) {
  if (name != "exhaustive" && name != "random" && name != "asha")
    throw std::invalid_argument("exhaustive, random or asha");
}

bool read_options(CommandLine& line, Options& o) {
  TrainingOptions training;
  SearchSetup& setup = o.log.setup;
  line.describe(
      "Trains RecVAE with every combination of the settings in --params, or with some, and says which are the best on "
      "validation users.\nResults go to stdout, a line per trial and then the best settings with their test; progress "
      "to "
      "stderr; tables, a page and the best settings, as a file for recvae_train --config, to --out.");
  line.version_note(engine());
  line.group("Search");
  const char* params =
      "file of what is searched, a line each: name choice [a,b,c], name uniform low,high, name loguniform low,high "
      "(natural logarithms), name quniform low,high,q; seed choice [1,2,3]: each setting is trained with these seeds, "
      "and the best mean wins";
  line.add("params", &setup.params_file, params);
  line.add("params_file", &setup.params_file, "the same");
  line.add("algo", &setup.algo,
           "exhaustive: every combination of the choices; random: draws; asha: successive halving, all begin and a "
           "third goes on to three times the epochs (default: exhaustive)",
           check_algo);
  const auto some = [](const std::optional<std::int64_t>& n) {
    if (n) at_least(1)(*n);
  };
  line.add("max_evals", &setup.max_evals, "settings to try (default: 100 draws, and every combination)", some);
  line.add("early_stop", &setup.early_stop,
           "stop after so many settings in a row without a better one (default: never)", some);
  line.add("parallel", &o.parallel,
           "trials at once, each on one thread (default: as many as threads, if memory allows)", in_range(1, 4096));
  line.add("out", &o.out, "directory to write (default: runs/tune-<data>-<time>)");
  line.resume("go on with the search in this directory; --data where the data moved, and --parallel, may be given",
              "data parallel", &o.resume, "");
  add_training_options(line, training);
  if (!line.parse()) return false;
  if (line.given("resume")) {
    o.log = read_search(o.resume);
    if (line.given("data")) setup.data.path = training.data.path;
    return true;
  }
  if (line.given("params") && line.given("params_file"))
    throw data::UsageError("expected --params or --params_file, found both");
  if (!line.given("params_file")) line.require("params");
  line.require("data");
  resolve(line, training);
  setup.data = training.data;
  setup.settings = training.settings;
  data::TextSource text = open_text(setup.params_file);
  for (std::string_view row; text.next(row);) setup.params.append(row).append("\n");
  setup.params = names_here(setup.params);
  return true;
}

/// The data are those of the search that goes on.
void check_data(const Options& o, const Fingerprints& now) {
  for (const auto& part : now) {
    if (std::ranges::find(o.log.data, part) == o.log.data.end())
      throw data::DataError(o.log.setup.data.path + ": expected the data that " + o.resume +
                            " is about, found others: " + part.first);
  }
}

/// How many trials at once, and how many may wait in memory.
tune::RunOptions run_options(const Options& o, const tune::Plan& plan, const data::Dataset& data, int threads) {
  double bytes = 1;
  for (std::size_t trial = 0; trial < plan.trials(); trial += plan.space.runs())
    bytes = std::max(bytes, tune::trial_bytes(plan.settings(trial), data));
  const double room = std::min(available_memory() / 2 / bytes, 1e6);
  tune::RunOptions options;
  options.parallel = static_cast<int>(
      o.parallel > 0 ? o.parallel : std::clamp<std::int64_t>(static_cast<std::int64_t>(room), 1, threads));
  options.parallel = static_cast<int>(std::clamp<std::int64_t>(
      std::ssize(plan.points) * static_cast<std::int64_t>(plan.space.runs()), 1, options.parallel));
  options.paused = static_cast<std::size_t>(std::max(room - options.parallel, 0.0));
  options.stop = stop_requested;
  return options;
}

/// How many there are, a trial's rungs counted each.
std::int64_t tasks(const tune::Plan& plan) {
  std::size_t n = 0;
  for (const tune::Rung& rung : plan.rungs) n += rung.points * plan.space.runs();
  return static_cast<std::int64_t>(n);
}

/// Prints the trials as they are done, in the order of tasks.
class Trials {
 public:
  explicit Trials(const tune::Search& search) : search_(search) {}

  void print() {
    const std::vector<const tune::Record*> records = search_.finished();
    for (; printed_ < records.size(); ++printed_) print(*records[printed_]);
    std::fflush(stdout);
  }

 private:
  void print(const tune::Record& r) const {
    const tune::Plan& plan = search_.plan();
    std::string text = describe_trial(plan, r.trial);
    text += "\t" + (r.diverged ? "diverged" : formatted("%s:%.4f", search_.valid_metric().label().c_str(), r.valid));
    if (plan.algorithm == tune::Algorithm::asha) text += "\tepochs:" + std::to_string(r.epochs);
    std::printf("%s\n", text.c_str());
  }

  const tune::Search& search_;
  std::size_t printed_ = 0;
};

/// "name:<TAB>mean", with the deviation where there is one.
void print_mean(const std::string& name, const tune::Mean& m) {
  std::printf("%s:\t%.4f", name.c_str(), m.mean);
  if (!std::isnan(m.deviation)) std::printf("\t%.4f", m.deviation);
  std::printf("\n");
}

void print_best(const tune::Search& search, const std::vector<Metric>& metrics) {
  const std::optional<std::size_t> best = search.best();
  if (!best)
    throw data::DataError("expected a trial with a " + search.valid_metric().label() +
                          ", found none: all diverged, or it is defined for nobody");
  std::printf("best %s\n", describe_point(search.plan(), *best).c_str());
  print_mean("valid " + search.valid_metric().label(), search.valid(*best));
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    if (const tune::Mean mean = search.test(*best, m); !std::isnan(mean.mean)) print_mean(metrics[m].label(), mean);
  }
}

void tune_settings(CommandLine& line) {
  Options o;
  if (!read_options(line, o)) return;
  SearchSetup& setup = o.log.setup;
  tune::Plan plan = setup.plan();
  const bool resumed = !o.resume.empty();
  OutputDirectory out(resumed         ? o.resume
                      : o.out.empty() ? default_out("tune-", setup.data.path)
                                      : o.out,
                      resumed ? Existing::resumed : Existing::refused, kSearch);
  ad::set_threads(line.threads());

  fetch_text(setup.data);
  data::Dataset data;
  line.check([&] { data = data::load(setup.data); });
  log_summary(data.summary);
  check_item_tokens(setup.data.path, data.item_tokens);
  if (data.validation.targets.nnz() == 0)
    throw data::DataError(setup.data.path + ": expected validation rows to compare settings by, found none");
  const Fingerprints fingerprints = data::fingerprints(data);
  if (resumed) check_data(o, fingerprints);
  o.log.data = fingerprints;
  setup.data.path = absolute_data_path(setup.data.path);  // the search may go on from another working directory

  const std::vector<Metric> metrics = tune::tested_metrics(setup.settings);
  tune::RunOptions run = run_options(o, plan, data, ad::threads());
  tune::Search search(std::move(plan), valid_metric(setup.settings));
  for (const tune::Record& r : o.log.records) search.add(r);
  out.open();
  SearchFiles files(out.folder(), o.log, search, metrics);
  files.write_all();
  log_info(std::to_string(search.plan().trials()) + " trials, " + std::to_string(run.parallel) + " at a time; " +
           out.folder());

  Trials trials(search);
  trials.print();
  Progress bar("search", tasks(search.plan()) - std::ssize(o.log.records), "trials");
  run.folder = out.folder() + "/.trials";
  run.ended = [&](const tune::Record& r) {
    files.add(r);
    out.has_result();
    bar.clear();
    trials.print();
    bar.advance(1);
  };
  // Trials side by side keep all threads busy by themselves; the last ones share them.
  const int threads = ad::threads();
  const auto share = [&](int idle) { ad::set_threads(run.parallel - idle >= threads ? 1 : threads); };
  run.idle = share;
  share(0);
  try {
    tune::run(search, data, metric_context(data, setup.settings), run);
  } catch (const data::Stopped&) {  // which can be gone on with
    out.has_result();
    throw;
  }
  bar.clear();
  print_best(search, metrics);
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) {
  return recvae::tools::run_command("recvae_tune", argc, argv, recvae::tools::tune_settings);
}
