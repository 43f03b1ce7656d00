// A search as it goes: which trial is next, and which is the best so far.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../evaluate/metrics.h"
#include "plan.h"

namespace recvae::tune {

/// What is tested: the settings' metrics, and valid_metric.
RECVAE_API std::vector<Metric> tested_metrics(const Settings& settings);

/// No value.
inline constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

/// What a trial came to at the end of a rung.
struct Record {
  ///@{
  /// Which.
  std::size_t trial = 0, rung = 0;
  ///@}
  bool diverged = false;        ///< did training fail?
  std::int64_t epochs = 0;      ///< trained
  std::int64_t best_epoch = 0;  ///< 0: none
  double valid = kNothing;      ///< valid_metric of the best epoch; of a trial that diverged nothing
  std::vector<double> test{};   ///< tested_metrics() of the best epoch's model; empty: no test users, or no such epoch
  double seconds = 0;           ///< what it took
};

/// A mean over the runs of a point, and their sample deviation; NaN where a run has none or there are too few.
struct Mean {
  double mean = kNothing;       ///< over the runs
  double deviation = kNothing;  ///< of the sample
};
/// Of these.
RECVAE_API Mean mean_of(const std::vector<double>& values);

/// A task: train a trial to the end of a rung.
struct Task {
  ///@{
  /// Which.
  std::size_t trial = 0, rung = 0;
  ///@}
};

/// Hands out trials and takes their records. What comes out depends on the records alone, not on their order. Not for
/// several threads at once.
class RECVAE_API Search {
 public:
  /// By this plan, choosing by this metric.
  Search(Plan plan, const Metric& valid_metric);

  const Plan& plan() const { return plan_; }                    ///< as given
  const Metric& valid_metric() const { return valid_metric_; }  ///< as given

  /// The next task. None: there is none now; more may come with the records of those that are out, unless over().
  std::optional<Task> next();
  /// Takes the record of a task. One that is not out is one of an earlier search by the same plan: in any order, before
  /// the first next(). Throws std::invalid_argument for one that the plan does not have.
  void add(Record record);
  /// Is there, or may there be, more to do for this trial?
  bool may_go_on(std::size_t trial) const;
  /// Nothing is left to do; tasks that are out need not end.
  bool over() const { return over_; }

  /// The records of tasks in the order in which they were handed out, up to the first that is not there yet.
  std::vector<const Record*> finished() const;
  /// The last record of each trial, in the order of trials; of those that the search needed.
  std::vector<const Record*> records() const;
  /// The records of a point's runs in the last rung that all of them have done; empty: in none.
  std::vector<const Record*> runs(std::size_t point) const;
  Mean valid(std::size_t point) const;                     ///< of runs()
  Mean test(std::size_t point, std::size_t metric) const;  ///< likewise; `metric` in the order of tested_metrics()
  /// The points with runs(), best first and the first of equals; then those without a value.
  std::vector<std::size_t> ranking() const;
  std::optional<std::size_t> best() const;  ///< of ranking(); none: no point has a value

 private:
  bool is_done(std::size_t point, std::size_t rung) const;
  std::size_t trial_at(std::size_t place, std::size_t rung) const;
  bool better(double value, std::optional<double> than) const;
  void stop_early();
  void climb();

  Plan plan_;
  Metric valid_metric_;
  std::vector<std::vector<std::optional<Record>>> done_;  // by rung and trial
  std::vector<std::vector<std::size_t>> points_;          // of each rung up to the present one, ascending
  std::vector<std::size_t> reached_;                      // the last rung of each point
  std::size_t handed_out_ = 0;                            // trials of the present rung
  std::size_t needed_;  // points, the first ones: fewer where the search stopped early
  // Of the first points, whose runs are all done:
  std::size_t judged_ = 0;
  std::optional<double> best_;
  std::int64_t without_gain_ = 0;
  bool over_ = false;
};

}  // namespace recvae::tune
