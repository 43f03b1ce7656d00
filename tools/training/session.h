// What all parts of a training command share.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "blending.h"
#include "output_directory.h"
#include "recvae/checkpoint.h"
#include "recvae/run.h"
#include "report/report.h"
#include "training_options.h"

namespace recvae::tools {

/// The options of recvae_train.
struct TrainOptions : TrainingOptions {
  std::string init_from, out, resume, item_names;
  bool overwrite = false, refit = false, dry_run = false;
  CheckpointPlan checkpoints;
  std::vector<std::string> baselines = {"popularity", "ease"};
  BaselineOptions baseline_options;
  bool baselines_given = false;  // else ease only where it is affordable
  EaseFixed ease_fixed;
  bool save_baselines = false;
  std::int64_t prune = 0;  // 0: whole weights
  BlendOptions blend;
};

/// A run's parts, and what they find out.
struct Session {
  const TrainOptions& o;
  const data::Dataset& data;
  const MetricContext& context;
  OutputDirectory& out;
  std::string config;  // config.yaml
  RunIdentity identity;
  std::vector<Metric> metrics;  // of the test
  std::vector<report::Result> results{};
  std::unordered_map<std::string, std::string> item_names{};
  struct Learned {
    std::shared_ptr<Scorer> scorer;  // null where learns_for_choice()
    BaselineOptions options;
  };
  std::map<std::string, Learned> learned{};  // baselines that are parts of the blend
};

inline bool has_targets(const data::HeldOut& h) { return h.targets.nnz() > 0; }

/// Do the blend's baselines learn from the training part alone, too, for its weights to be chosen by? Then none is kept
/// from the test to the blend, which would take twice the memory: they are learned again.
inline bool learns_for_choice(const Session& s) {
  return s.o.blend.is_auto() && has_targets(s.data.validation) && s.data.baseline_rows(true).nnz() > s.data.train.nnz();
}

/// Prints the test result of `who`, and keeps it for the report.
void put_results(const std::string& who, const std::vector<double>& means, Session& s);

}  // namespace recvae::tools
