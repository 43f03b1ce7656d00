// An evaluation, as an object.
#include <algorithm>

#include "model.h"
#include "recvae/evaluate/bootstrap.h"
#include "recvae/evaluate/evaluator.h"
#include "recvae/evaluate/given.h"

namespace recvae::c_api {
namespace {

constexpr std::uint64_t kBootstrapSeed = 1;  // as recvae_evaluate has it

struct Options {
  std::vector<Metric> metrics;
  RecallDenominator recall = RecallDenominator::min;
  std::optional<double> tail_ratio{};
};

Options evaluation_options(const char* text) {
  const nlohmann::json given =
      options_of(text, "option of an evaluation", {"metrics", "topk", "recall_denominator", "tail_ratio"});
  Settings s;  // which has the defaults, and checks
  Options o;
  take_option(given, "metrics", s.metrics);
  take_option(given, "topk", s.topk);
  take_option(given, "recall_denominator", s.recall_denominator);
  take_option(given, "tail_ratio", s.tail_ratio);
  validate(s);
  o.metrics = parse_metrics(s.metrics, s.topk);
  if (s.recall_denominator == "all") o.recall = RecallDenominator::all;
  o.tail_ratio = s.tail_ratio;
  return o;
}

Json number(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

class EvaluationObject : public Content {
 public:
  EvaluationObject(Options options, const recvae_held_out& h) : options_(std::move(options)) {
    held_out_.history = rows_of(h.shown, "shown");
    held_out_.targets = rows_of(h.hidden, "hidden");
    if (h.masked) held_out_.masked = rows_of(h.masked, "masked");
    const std::int64_t users = held_out_.history.rows(), items = held_out_.history.cols;
    const auto check_shape = [&](const data::Csr& rows, const char* name) {
      if (rows.cols == items && rows.rows() == users) return;
      throw data::UsageError(std::string(name) + ": expected " + std::to_string(users) + " rows and " +
                             std::to_string(items) + " columns, as shown has, found " + std::to_string(rows.rows()) +
                             " and " + std::to_string(rows.cols));
    };
    check_shape(held_out_.targets, "hidden");
    if (h.masked) check_shape(held_out_.masked, "masked");
    context_ =
        metric_context(h.train ? rows_of(h.train, "train") : held_out_.history, options_.recall, options_.tail_ratio);
    if (std::ssize(context_.popularity) != items)
      throw data::UsageError("train: expected " + std::to_string(items) + " columns, as shown has, found " +
                             std::to_string(context_.popularity.size()));
    if ((h.model != nullptr) + (h.scores != nullptr) + (h.lists != nullptr) != 1)
      throw data::UsageError("expected a model, scores or lists to evaluate, found none or several");
    if (h.model) {
      model_ = content<Model>(h.model, "a model");
      if (model_->items() != items) {
        throw data::UsageError("shown: expected " + std::to_string(model_->items()) +
                               " columns, one for each item that the model knows, found " + std::to_string(items));
      }
      scorer_ = model_->own_scorer();
    } else if (h.scores) {
      scorer_ = given_scores({h.scores, users, items});
    } else {
      if (h.list_length < 1) throw data::UsageError("list_length: expected a number from 1 on");
      scorer_ = given_lists({h.lists, data::as_size(users * h.list_length)}, h.list_length);
    }
    steps_.emplace(*scorer_, held_out_, options_.metrics, context_);
    finish();
  }

  const char* kind() const override { return "an evaluation"; }

  void step(recvae_progress& progress) override {
    if (steps_) steps_->step();
    progress.evaluating = 1;
    progress.total = held_out_.targets.rows();
    progress.done = steps_ ? steps_->rows_done() : progress.total;
    finish();
    progress.finished = !steps_;
  }

  std::string text(const std::string& name) override {
    if (name != "result") return Content::text(name);
    const Evaluation& e = finished();
    Json j{{"metrics", Json::array()}, {"means", Json::array()}, {"users", e.users()}};
    for (std::size_t m = 0; m < options_.metrics.size(); ++m) {
      j["metrics"].push_back(options_.metrics[m].label());
      j["means"].push_back(number(e.means[m]));
    }
    return j.dump();
  }

  recvae_array array(const std::string& name) override {
    const Evaluation& e = finished();
    const auto metrics = static_cast<std::int64_t>(options_.metrics.size());
    if (name == "rows") return array_of(e.rows.data(), std::ssize(e.rows));
    if (name == "values") return array_of(values_.data(), e.users(), metrics);
    if (name == "weights") return array_of(weights_.data(), e.users(), metrics);
    return Content::array(name);
  }

  std::string intervals(std::int64_t samples, const std::function<bool()>& stop) const {
    check_samples(samples);
    Json j = Json::object();
    const std::vector<Interval> found = bootstrap(finished(), samples, kBootstrapSeed, stop);
    for (std::size_t m = 0; m < found.size(); ++m)
      j[options_.metrics[m].label()] = {number(found[m].low), number(found[m].high)};
    return j.dump();
  }

  std::string compare(const EvaluationObject& other, std::int64_t samples, const std::function<bool()>& stop) const {
    check_samples(samples);
    if (options_.metrics != other.options_.metrics || held_out_.targets != other.held_out_.targets)
      throw data::UsageError("expected two evaluations of the same users by the same metrics, found others");
    const auto differences = recvae::compare(finished(), other.finished(), samples, kBootstrapSeed, stop);
    Json j = Json::object();
    for (std::size_t m = 0; m < differences.size(); ++m) {
      const Difference& d = differences[m];
      j[options_.metrics[m].label()] = {{"mean", number(d.mean)},
                                        {"low", number(d.interval.low)},
                                        {"high", number(d.interval.high)},
                                        {"p", number(d.p)}};
    }
    return j.dump();
  }

 private:
  static void check_samples(std::int64_t samples) {
    if (samples < 1 || samples > 10'000'000)
      throw data::UsageError("samples: expected a number from 1 to 10000000, found " + std::to_string(samples));
  }

  void finish() {
    if (!steps_ || !steps_->finished()) return;
    result_ = steps_->take();
    steps_.reset();
    scorer_.reset();
    model_.reset();
    held_out_.history = held_out_.masked = {};  // which nobody needs any more
    for (const UserValue& v : result_.values) {
      values_.push_back(v.weight == 0 ? std::numeric_limits<double>::quiet_NaN() : v.value);
      weights_.push_back(v.weight);
    }
  }

  const Evaluation& finished() const {
    if (steps_) throw StateError("expected a finished evaluation, found one with users left");
    return result_;
  }

  Options options_;
  data::HeldOut held_out_;
  MetricContext context_;
  std::shared_ptr<Model> model_;
  std::shared_ptr<Scorer> scorer_;
  std::optional<EvaluationInSteps> steps_;  // none: finished
  Evaluation result_;
  std::vector<double> values_, weights_;
};

}  // namespace
}  // namespace recvae::c_api

using namespace recvae;
using namespace recvae::c_api;

extern "C" {

int recvae_evaluate(recvae_object* evaluation, const char* options, const recvae_held_out* held_out) {
  return make(evaluation, [&] {
    return std::make_shared<EvaluationObject>(evaluation_options(options), checked(held_out, "held_out"));
  });
}

int recvae_intervals(recvae_object* evaluation, int64_t samples, recvae_stop stop, void* context, const char** text) {
  return guarded(evaluation, [&] {
    if (!text) throw data::UsageError("text: expected a place for it, found NULL");
    const auto e = content<EvaluationObject>(evaluation, "an evaluation");
    evaluation->text = e->intervals(samples, stop_of(stop, context));
    *text = evaluation->text.c_str();
  });
}

int recvae_compare(recvae_object* a, recvae_object* b, int64_t samples, recvae_stop stop, void* context,
                   const char** text) {
  return guarded(a, [&] {
    if (!text) throw data::UsageError("text: expected a place for it, found NULL");
    const auto first = content<EvaluationObject>(a, "an evaluation"),
               second = content<EvaluationObject>(b, "an evaluation");
    a->text = first->compare(*second, samples, stop_of(stop, context));
    *text = a->text.c_str();
  });
}
}
