#include "test_baselines.h"

#include <algorithm>
#include <filesystem>

#include "baselines.h"
#include "command_line.h"
#include "data_summary.h"
#include "model_metadata.h"
#include "results.h"

namespace recvae::tools {
namespace {

/// Keeps the largest weights, and says what that loses on validation, where all have learned from the training part.
ItemWeights prune(const std::string& name, ItemWeights whole, const BaselineOptions& options, const Session& s) {
  const auto value = [&](ItemWeights weights) {
    const auto scorer = item_weights_scorer(std::make_shared<ItemWeights>(std::move(weights)));
    return evaluate(*scorer, s.data.validation, {valid_metric(s.o.settings)}, s.context).means[0];
  };
  ItemWeights kept{pruned(whole, s.o.prune)};
  if (!has_targets(s.data.validation)) return kept;
  const bool learned_more = s.data.baseline_rows(true).nnz() > s.data.train.nnz();
  if (learned_more) {
    whole = {};  // not both in memory
    whole = learn_item_weights(name, s.data.train, options);
  }
  const double pruned_value = value(learned_more ? ItemWeights{pruned(whole, s.o.prune)} : kept),
               whole_value = value(std::move(whole));
  log_info(name + formatted(": pruned to %lld a column: %s %.5f on validation, all %.5f, a loss of %.5f",
                            static_cast<long long>(s.o.prune), valid_metric(s.o.settings).label().c_str(), pruned_value,
                            whole_value, whole_value - pruned_value));
  return kept;
}

/// Learns a baseline with item weights, keeps them for the blend, and as a file where that is asked for.
std::shared_ptr<Scorer> learn_weights(const std::string& name, const BaselineOptions& options, Session& s) {
  const data::Csr& rows = s.data.baseline_rows(true);
  ItemWeights weights = learn_item_weights(name, rows, options);
  if (s.o.prune > 0) weights = prune(name, std::move(weights), options, s);
  if (s.o.save_baselines) {
    const bool with_validation = rows.nnz() > s.data.train.nnz();
    const std::string trained_on = data::fingerprint(s.data, with_validation), path = s.out.file(name + ".safetensors");
    save_weights(path, name, weights,
                 {baseline_metadata(s.identity.settings, name, options, s.o.prune), s.data.item_tokens, trained_on});
    log_info(name + ": " + with_thousands(static_cast<double>(std::filesystem::file_size(path)) / 1e6) + " MB; " +
             path);
  }
  return item_weights_scorer(std::make_shared<ItemWeights>(std::move(weights)));
}

/// Learns a baseline, and prints its test result.
void test_baseline(const std::string& name, Session& s) {
  const BaselineOptions options =
      find_options(name, s.data, valid_metric(s.o.settings), s.context, s.o.baseline_options, s.o.ease_fixed)
          .value_or(s.o.baseline_options);
  const data::Csr& rows = s.data.baseline_rows(true);
  const std::shared_ptr<Scorer> scorer =
      has_item_weights(name) ? learn_weights(name, options, s) : std::shared_ptr(make_baseline(name, rows, options));
  log_learned(name, rows, rows.nnz() > s.data.train.nnz());
  if (has_targets(s.data.test)) put_results(name, evaluate(*scorer, s.data.test, s.metrics, s.context).means, s);
  if (std::ranges::find(s.o.blend.parts, name) != s.o.blend.parts.end())
    s.learned[name] = {learns_for_choice(s) ? nullptr : scorer, options};
}

}  // namespace

std::vector<std::string> choose_baselines(const TrainOptions& o, const data::Dataset& data) {
  std::vector<std::string> chosen;
  const auto is_blended = [&](const std::string& name) {
    return std::ranges::find(o.blend.parts, name) != o.blend.parts.end();
  };
  double kept = 0;  // bytes of the blend's, which stay; what is left of pruned ones is little
  const auto take = [&](const std::string& name) {
    const double bytes = announce_baseline(name, data.train, o.baseline_options, kept);
    if (is_blended(name) && o.prune == 0) kept = bytes;
    chosen.push_back(name);
  };
  for (const std::string& name : o.baselines) {
    if (o.baselines_given || is_blended(name) || is_affordable(name, data, o.baseline_options)) {
      take(name);
    } else {
      log_info(name + ": left out, it would take long or much memory for " + std::to_string(data.train.cols) +
               " items; --baselines has it anyway");
    }
  }
  for (const std::string& name : o.blend.parts) {
    if (has_item_weights(name) && std::ranges::find(chosen, name) == chosen.end()) take(name);
  }
  return chosen;
}

void put_results(const std::string& who, const std::vector<double>& means, Session& s) {
  print_metrics(s.metrics, means, who);
  for (std::size_t m = 0; m < means.size(); ++m) s.results.push_back({who, s.metrics[m].label(), means[m]});
}

void test_baselines(const std::vector<std::string>& names, Session& s) {
  if (!has_targets(s.data.test)) {
    log_warning("no test users have anything to be found: no test result");
    if (!s.o.save_baselines) return;
  }
  for (const std::string& name : names) {
    try {
      test_baseline(name, s);
    } catch (const ad::Error& error) {  // the model's own result is not lost for it
      log_warning(name + ": " + error.what());
    } catch (const std::bad_alloc&) {
      log_warning(name + ": not enough memory");
    }
  }
}

}  // namespace recvae::tools
