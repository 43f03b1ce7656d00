// Blends on the command line: their parts, from files or learned, and their weights.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "baselines.h"
#include "ranker.h"
#include "recvae/blend/blend.h"

namespace recvae::tools {

struct BlendOptions {
  std::vector<std::string> parts;              ///< baselines with item weights, or paths of weight files
  std::vector<std::string> weight = {"auto"};  ///< or numbers

  bool is_asked_for() const { return !parts.empty(); }
  bool is_auto() const { return weight == std::vector<std::string>{"auto"}; }
};

/// --blend, --blend_weight; `beside` says what else has a part.
void add_blend_options(CommandLine& line, BlendOptions& options, const std::string& beside);

/// Throws UsageError for parts or weights that cannot be, whatever is in the files.
void check_blend(const CommandLine& line, const BlendOptions& options, bool has_model);

/// One of the scorers that are blended.
struct Part {
  std::string name;              ///< as given
  std::optional<Ranker> file{};  ///< none: a baseline of that name, with
  BaselineOptions baseline{};    ///< these options
};

/// The parts of --blend, files read and baselines with `baseline`. Throws ad::Error.
std::vector<Part> read_parts(const BlendOptions& options, const BaselineOptions& baseline, double layer_norm_eps);

/// The first part that has a file; null: none has.
const Part* first_file(const std::vector<Part>& parts);

/// Has every file's items in the data's order; throws DataError, of the first whose are others.
void match_parts(std::vector<Part>& parts, const std::vector<std::string>& items);

/// Throws DataError for a part that was trained on the validation part, too: no weight can be chosen there.
void require_unseen_validation(const std::vector<Part>& parts, const data::Dataset& data);

/// Warns of each file that was trained on other rows than the training part, with validation or without.
void warn_of_other_rows(const std::vector<Part>& parts, const data::Dataset& data);

/// Says how much memory the baselines take; throws DataError where there is not so much for all together.
void announce_parts(const std::vector<Part>& parts, const data::Csr& train);

/// The parts as scorers, baselines learned from `rows`. The files' scorers live no longer than the parts.
std::vector<BlendPart> part_scorers(const std::vector<Part>& parts, const data::Csr& rows,
                                    DecoderCopy copy = DecoderCopy::by_tiles);

/// An evaluation, and how fast it was.
struct TimedEvaluation {
  Evaluation result;
  std::string rate;  ///< `1,234 users/s`
};
TimedEvaluation evaluate_timed(Scorer& scorer, const data::HeldOut& held_out, const std::vector<Metric>& metrics,
                               const MetricContext& context);

/// A weight for each part: those given (1 of the command's own or the first model), or chosen on validation by the
/// metric, scored by `on_training`: the parts, which have learned from the training part alone. Says it in a log line.
std::vector<double> blend_weights(const BlendOptions& options, const std::vector<Part>& parts,
                                  const std::vector<BlendPart>& on_training, const data::HeldOut& validation,
                                  const Metric& metric, const MetricContext& context);

}  // namespace recvae::tools
