// RecBole's door: what a command line would say, and searches over settings.
#include <algorithm>

#include "object.h"
#include "recbole/keys.h"
#include "recvae/evaluate/evaluator.h"
#include "recvae/tune/search.h"
#include "recvae/tune/table.h"
#include "training/run_config.h"
#include "training/training_options.h"
#include "tune/setup.h"

namespace recvae::c_api {
namespace {

class Configuration : public Content {
 public:
  explicit Configuration(std::vector<std::string> arguments) {
    std::vector<char*> argv{program_.data()};
    for (std::string& argument : arguments) {
      for (const char* printing : {"--help", "--version", "-h"}) {
        if (argument.starts_with(printing)) throw data::UsageError("expected settings, found " + argument);
      }
      argv.push_back(argument.data());
    }
    tools::CommandLine line(program_, static_cast<int>(argv.size()), argv.data());
    tools::add_training_options(line, options_);
    line.parse();
    tools::resolve(line, options_);
  }
  const char* kind() const override { return "a configuration"; }
  std::string text(const std::string& name) override {
    if (name == "settings") return to_json(options_.settings);
    if (name == "config") {
      tools::RunConfig config;
      config.data = options_.data;
      config.settings = options_.settings;
      return Json(tools::config_text(config)).dump();
    }
    if (name == "data") {
      Json j = Json::object();
      data::DataOptions::visit(
          [&](const data::Option& option, const auto& value) {
            if (data::is_given(value)) j[option.name] = to_json_value(value);
          },
          options_.data);
      return j.dump();
    }
    return Content::text(name);
  }

 private:
  std::string program_ = "recvae";
  tools::TrainingOptions options_;
};

class SearchObject : public Content {
 public:
  explicit SearchObject(const tools::SearchSetup& setup)
      : search_(setup.plan(), valid_metric(setup.settings)), metrics_(tune::tested_metrics(setup.settings)) {}
  const char* kind() const override { return "a search"; }

  std::string text(const std::string& name) override {
    if (name == "trials") return Json(tune::trials_table(search_, metrics_)).dump();
    if (name == "settings") return Json(tune::settings_table(search_, metrics_)).dump();
    if (name == "best") {
      const std::optional<std::size_t> best = search_.best();
      if (!best) return "null";
      const tune::Mean valid = search_.valid(*best);
      return Json{{"trial", *best * search_.plan().space.runs()},
                  {"values", values_of(*best * search_.plan().space.runs(), false)},
                  {"valid", valid.mean},
                  {"metric", search_.valid_metric().label()}}
          .dump();
    }
    return Content::text(name);
  }

  /// Takes the record of the task that is out, if there is one, and gives the next, or else the same; or null.
  std::string next(const char* record) {
    if (record && !out_) throw data::UsageError("record: expected NULL, as no task has been given, found one");
    if (record) take(record);
    if (!out_) out_ = search_.next();
    if (!out_) return "null";
    const tune::Plan& plan = search_.plan();
    const std::int64_t epochs = plan.epochs(out_->trial, out_->rung);
    Settings settings = plan.settings(out_->trial);
    settings.epochs = epochs;
    return Json{{"trial", out_->trial},
                {"epochs", epochs},
                {"values", values_of(out_->trial, true)},
                {"settings", Json::parse(to_json(settings))}}
        .dump();
  }

 private:
  /// What is searched of a trial; of a trial with a seed of its own, that, too.
  Json values_of(std::size_t trial, bool with_seed) const {
    const tune::Plan& plan = search_.plan();
    Json values = Json::object();
    const Settings s = plan.settings(trial);
    if (with_seed && !plan.space.seeds.empty()) values["seed"] = s.seed;
    Settings::visit(
        [&](const char* name, const char*, const auto& value) {
          const auto is_it = [&](const tune::Parameter& p) { return p.name == name; };
          if (std::ranges::any_of(plan.space.parameters, is_it)) values[name] = to_json_value(value);
        },
        s);
    return values;
  }

  void take(const char* text) {
    const nlohmann::json given =
        options_of(text, "part of a record", {"valid", "test", "best_epoch", "seconds", "diverged"});
    tune::Record record;
    record.trial = out_->trial;
    record.rung = out_->rung;
    record.epochs = search_.plan().epochs(out_->trial, out_->rung);
    std::optional<double> valid;
    take_option(given, "valid", valid);
    take_option(given, "test", record.test);
    take_option(given, "best_epoch", record.best_epoch);
    take_option(given, "seconds", record.seconds);
    take_option(given, "diverged", record.diverged);
    record.valid = valid.value_or(tune::kNothing);
    if (!record.test.empty() && record.test.size() != metrics_.size()) record.test.clear();
    search_.add(std::move(record));
    out_.reset();
  }

  tune::Search search_;
  std::vector<Metric> metrics_;
  std::optional<tune::Task> out_;
};

tools::SearchSetup search_setup(const char* options, const char* settings) {
  const nlohmann::json given =
      options_of(options, "option of a search", {"params", "params_file", "algo", "max_evals", "early_stop"});
  tools::SearchSetup setup;
  setup.params_file = "params";
  std::string params;
  take_option(given, "params", params);
  take_option(given, "params_file", setup.params_file);
  take_option(given, "algo", setup.algo);
  take_option(given, "max_evals", setup.max_evals);
  take_option(given, "early_stop", setup.early_stop);
  if (setup.algo != "exhaustive" && setup.algo != "random" && setup.algo != "asha")
    throw data::UsageError("algo: expected exhaustive, random or asha, found " + data::excerpt(setup.algo));
  setup.settings = settings_of(settings);
  setup.params = tools::names_here(params);
  return setup;
}

}  // namespace
}  // namespace recvae::c_api

using namespace recvae;
using namespace recvae::c_api;

extern "C" {

int recvae_configure(recvae_object* configuration, const char* const* arguments, int64_t count) {
  return make(configuration, [&] {
    std::vector<std::string> list;
    for (std::int64_t k = 0; k < count; ++k) {
      if (!arguments || !arguments[k]) throw data::UsageError("arguments: expected a text, found NULL");
      list.emplace_back(arguments[k]);
    }
    return std::make_shared<Configuration>(std::move(list));
  });
}

int recvae_search(recvae_object* search, const char* options, const char* settings) {
  return make(search, [&] { return std::make_shared<SearchObject>(search_setup(options, settings)); });
}

int recvae_next(recvae_object* search, const char* record, const char** task) {
  return guarded(search, [&] {
    if (!task) throw data::UsageError("task: expected a place for it, found NULL");
    search->text = content<SearchObject>(search, "a search")->next(record);
    *task = search->text.c_str();
  });
}
}
