// report.html: what came out of a training run, for people.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "recvae/evaluate/breakdown.h"

namespace recvae::tools::report {

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// A line of metrics.jsonl; what it does not have is NaN.
struct Epoch {
  std::int64_t epoch = 0;
  double train_loss = kNone, train_mll = kNone, train_kld = kNone, decoder_mll = kNone;
  std::vector<std::pair<std::string, double>> valid;  ///< metric and value; empty: not evaluated
  double seconds = kNone, valid_seconds = kNone, users_per_second = kNone;
  double encoder_seconds = kNone, refresh_seconds = kNone, decoder_seconds = kNone, checkpoint_seconds = kNone;
};

/// The epochs of the text of a metrics.jsonl. Lines that are no JSON objects with an epoch, as a run that was killed
/// may leave one, are left out.
std::vector<Epoch> parse_epochs(std::string_view jsonl);

struct Setting {
  std::string name, value;
  std::optional<std::string> paper;  ///< the preset's value, if there is one
};

/// A test result of popularity, ease, itemknn, "" (the model) or "chosen" (the model before a refit).
struct Result {
  std::string who, metric;
  double value = kNone;
};

struct ExampleItem {
  std::string name;
  bool hit = false;  ///< hidden, and in the list
};
/// A held-out user.
struct ExampleUser {
  std::string user;
  std::vector<ExampleItem> history, missed;     ///< what is given; what is hidden and not in the model's list
  std::vector<ExampleItem> listed, popularity;  ///< best first: the model's list, and that of popularity
};

/// All that the report says. What is empty is not shown.
struct RunReport {
  std::string title;                                       ///< of the data
  std::vector<std::pair<std::string, std::string>> facts;  ///< such as {"engine", "OpenBLAS .."}
  std::string directory;                                   ///< of the run
  std::vector<std::string> command;                        ///< the command line's words

  std::vector<Epoch> epochs;
  std::string valid_metric;     ///< its label
  std::int64_t best_epoch = 0;  ///< 0: none was
  std::vector<Result> results;

  std::string activity_metric;        ///< what the breakdowns by activity have
  std::int64_t popularity_k = 0;      ///< the cutoff of those by popularity
  Breakdown of_model, of_popularity;  ///< with the same groups
  std::vector<ExampleUser> examples;

  std::optional<data::Summary> summary;
  std::vector<Setting> settings;
};

std::string report_html(const RunReport& report);

}  // namespace recvae::tools::report
