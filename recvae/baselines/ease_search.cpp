#include "ease_search.h"

#include <cmath>
#include <optional>

namespace recvae {
namespace {

class Search {
 public:
  Search(const std::string& name, const data::Dataset& data, const Metric& metric, const MetricContext& context,
         const BaselineOptions& options, EaseFixed fixed, double seconds)
      : name_(name),
        data_(data),
        metric_(metric),
        context_(context),
        given_(options),
        fixed_(fixed),
        options_(options),
        choice_{options.lambda, 0, {}} {
    if (baseline_uses(name).dropout) choice_.dropout = options.dropout;
    options_.double_precision = false;
    each_ = baseline_cost(name, data.train, data.validation.history, options_).seconds;
    seconds_ = seconds - baseline_cost(name, data.baseline_rows(true), data.test.history, options).seconds;
  }

  bool is_worth_it() const { return data_.validation.targets.nnz() > 0 && 6 * each_ <= seconds_; }
  const EaseChoice& choice() const { return choice_; }
  bool has_best() const { return best_.has_value(); }

  void attempt(double lambda, double dropout) {
    constexpr double kLeast = 0x1p-6, kMost = 0x1p20, kLeastOdds = 0x1p-7, kMostOdds = 0x1p7;
    const bool tried = choice_.tried.contains({dropout, lambda});
    if (tried || seconds_ < each_) return;
    if (!fixed_.lambda && (lambda < kLeast || lambda > kMost)) return;
    if (dropout > 0 && dropout != given_.dropout && (odds(dropout) < kLeastOdds || odds(dropout) > kMostOdds)) return;
    seconds_ -= each_;
    options_.lambda = lambda;
    options_.dropout = dropout;
    double& value = choice_.tried[{dropout, lambda}] = std::nan("");
    try {
      value = evaluate(*make_baseline(name_, data_.train, options_), data_.validation, {metric_}, context_).means[0];
    } catch (const ad::Error&) {  // too small for single precision
      return;
    }
    const bool smaller = std::pair(lambda, dropout) < std::pair(choice_.lambda, choice_.dropout);
    if (!is_better(metric_, value, best_) && !(value == best_ && smaller)) return;
    best_ = value;
    choice_.lambda = lambda;
    choice_.dropout = dropout;
  }

  /// Goes on from the best by next(best) for as long as that wins.
  template <class Next>
  void climb(const Next& next) {
    for (std::optional<double> before; before != best_;) {
      before = best_;
      next(choice_.lambda, choice_.dropout);
    }
  }
  void climb_lambda(double step) {
    climb([&](double lambda, double dropout) { attempt(lambda * step, dropout); });
  }
  void climb_dropout(int octaves) {
    climb([&](double lambda, double dropout) {
      // Counted from the one given: what is reached in two ways is one number, and tried once.
      const double first = odds(given_.dropout);
      const auto there = static_cast<int>(std::lround(std::log2(odds(dropout) / first))) + octaves;
      const double odds_there = std::ldexp(first, there);
      attempt(lambda, there == 0 ? given_.dropout : odds_there / (1 + odds_there));
    });
  }

 private:
  static double odds(double dropout) { return dropout / (1 - dropout); }

  const std::string& name_;
  const data::Dataset& data_;
  const Metric& metric_;
  const MetricContext& context_;
  const BaselineOptions& given_;
  EaseFixed fixed_;
  BaselineOptions options_;
  double each_ = 0, seconds_ = 0;
  EaseChoice choice_;
  std::optional<double> best_;
};

}  // namespace

EaseChoice choose_ease(const std::string& name, const data::Dataset& data, const Metric& metric,
                       const MetricContext& context, const BaselineOptions& options, EaseFixed fixed, double seconds) {
  Search search(name, data, metric, context, options, fixed, seconds);
  if (!search.is_worth_it()) return search.choice();
  const double dropout = search.choice().dropout;
  fixed.dropout = fixed.dropout || dropout == 0;
  if (fixed.lambda) {
    search.attempt(options.lambda, dropout);
  } else {
    for (double lambda = 16; lambda <= 1024; lambda *= 4) search.attempt(lambda, dropout);
  }
  if (!search.has_best()) return search.choice();
  if (!fixed.lambda) {
    for (const double step : {4.0, 0.25}) search.climb_lambda(step);
    const double middle = search.choice().lambda;
    for (const double step : {0.5, 2.0}) search.attempt(middle * step, dropout);
  }
  if (fixed.dropout) return search.choice();
  for (const int octaves : {1, -1}) search.climb_dropout(octaves);
  if (!fixed.lambda) {
    for (const double step : {0.5, 2.0}) search.climb_lambda(step);
  }
  return search.choice();
}

}  // namespace recvae
