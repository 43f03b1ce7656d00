// Gathers what report.html says of a run, and writes it.
#pragma once

#include <string>
#include <unordered_map>

#include "data/options.h"
#include "recvae/evaluate/metrics.h"
#include "recvae/model.h"
#include "recvae/settings.h"
#include "report.h"

namespace recvae::tools::report {

/// What a run has at its end.
struct RunSources {
  const data::Dataset& data;
  const data::DataOptions& data_options;
  const RecVae<float>& model;
  const Settings& settings;
  const MetricContext& context;
  std::string metrics_file;                                      ///< metrics.jsonl
  std::unordered_map<std::string, std::string> item_names = {};  ///< by token; the others are shown as tokens
};

/// Completes `report`, in which title, facts, directory, command, valid_metric, best_epoch and results are what the
/// caller has found: the rest comes from `sources`. Writes the page to `path`, whole or not at all. Ranks the test
/// users twice, by the model and by popularity, which costs as much as one test of each; without test users nothing.
/// Throws ad::Error and data::DataError.
void write_run_report(const std::string& path, RunReport report, const RunSources& sources);

}  // namespace recvae::tools::report
