#include "blending.h"

#include <algorithm>
#include <chrono>

#include "data/fingerprint.h"
#include "data/number.h"
#include "data_summary.h"

namespace recvae::tools {
namespace {

std::vector<double> numbers_of(const BlendOptions& options) {
  std::vector<double> numbers;
  for (const std::string& text : options.weight) {
    const auto number = data::parse_number<double>(text);
    if (!number || !is_blend_weight(*number))
      throw data::UsageError("--blend_weight: expected auto or numbers that are 0 or from 1e-6 to 1e6, found " +
                             data::excerpt(text));
    numbers.push_back(*number);
  }
  return numbers;
}

/// The part whose weight is 1: the first model, else the first of all.
std::size_t fixed_part(const std::vector<Part>& parts) {
  const auto model = std::ranges::find_if(parts, [](const Part& p) { return p.file && p.file->model(); });
  return model == parts.end() ? 0 : static_cast<std::size_t>(model - parts.begin());
}

std::string weights_text(const std::vector<double>& weights) {
  std::string text;
  for (const double w : weights) text += (text.empty() ? "" : ",") + formatted("%.4g", w);
  return text;
}

}  // namespace

void add_blend_options(CommandLine& line, BlendOptions& options, const std::string& beside) {
  line.add("blend", &options.parts,
           "scores of several, standardised for each user and added: ease, edlae, itemknn, or weight files, of models "
           "or of baselines" +
               beside);
  line.add("blend_weight", &options.weight,
           "auto (default): chosen on validation by the valid_metric; or a weight for each part of --blend; that of "
           "the model is 1");
}

void check_blend(const CommandLine& line, const BlendOptions& options, bool has_model) {
  if (!line.given("blend")) {
    if (line.given("blend_weight")) throw data::UsageError("--blend_weight: expected --blend, whose weights they are");
    return;
  }
  const bool named = !options.parts.empty() && std::ranges::none_of(options.parts, &std::string::empty);
  if (!named)
    throw data::UsageError("--blend: expected parts: ease, edlae, itemknn or weight files, found " +
                           std::string(options.parts.empty() ? "none" : "one without a name"));
  if (options.is_auto()) return;
  const std::vector<double> weights = numbers_of(options);
  const std::size_t parts = options.parts.size();
  if (weights.size() == parts ? !has_model && std::ranges::count(weights, 0) == std::ssize(weights)
                              : has_model || weights.size() + 1 != parts) {
    throw data::UsageError("--blend_weight: expected auto or " + std::to_string(parts) +
                           " weights, one for each part and not all 0, found " + weights_text(weights));
  }
}

std::vector<Part> read_parts(const BlendOptions& options, const BaselineOptions& baseline, double layer_norm_eps) {
  std::vector<Part> parts;
  for (const std::string& name : options.parts) {
    parts.push_back({name, {}, baseline});
    if (!has_item_weights(name)) parts.back().file = load_ranker(name, layer_norm_eps);
  }
  return parts;
}

const Part* first_file(const std::vector<Part>& parts) {
  const auto first = std::ranges::find_if(parts, [](const Part& part) { return part.file.has_value(); });
  return first == parts.end() ? nullptr : &*first;
}

void match_parts(std::vector<Part>& parts, const std::vector<std::string>& items) {
  for (Part& part : parts) {
    if (part.file) match_items(part.name, *part.file, items);
  }
}

void require_unseen_validation(const std::vector<Part>& parts, const data::Dataset& data) {
  if (data.validation.targets.nnz() == 0) return;
  const std::string with_validation = data::fingerprint(data, true);
  for (const Part& part : parts) {
    if (part.file && part.file->trained_on() == with_validation)
      throw data::DataError(part.name + ": expected weights in --blend_weight, as it was trained on the validation " +
                            "part, too, and none can be chosen there");
  }
}

void warn_of_other_rows(const std::vector<Part>& parts, const data::Dataset& data) {
  const std::string training = data::fingerprint(data), with_validation = data::fingerprint(data, true);
  for (const Part& part : parts) {
    if (!part.file || part.file->trained_on() == training || part.file->trained_on() == with_validation) continue;
    log_warning(part.name +
                (part.file->trained_on().empty() ? " does not say what it was trained on: "
                                                 : " was not trained on this data's training part alone: ") +
                "it may have seen what it has to find");
  }
}

void announce_parts(const std::vector<Part>& parts, const data::Csr& train) {
  double bytes = 0;
  for (const Part& part : parts) {
    if (!part.file) bytes = announce_baseline(part.name, train, part.baseline, bytes);
  }
}

std::vector<BlendPart> part_scorers(const std::vector<Part>& parts, const data::Csr& rows, DecoderCopy copy) {
  std::vector<BlendPart> scorers;
  for (const Part& part : parts) {
    scorers.push_back({part.name, part.file ? std::shared_ptr(part.file->scorer(copy))
                                            : std::shared_ptr(make_baseline(part.name, rows, part.baseline))});
  }
  return scorers;
}

TimedEvaluation evaluate_timed(Scorer& scorer, const data::HeldOut& held_out, const std::vector<Metric>& metrics,
                               const MetricContext& context) {
  const auto start = std::chrono::steady_clock::now();
  Evaluation result = evaluate(scorer, held_out, metrics, context);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
               users = static_cast<double>(held_out.history.rows());
  return {std::move(result), with_thousands(users / std::max(1e-9, seconds)) + " users/s"};
}

std::vector<double> blend_weights(const BlendOptions& options, const std::vector<Part>& parts,
                                  const std::vector<BlendPart>& on_training, const data::HeldOut& validation,
                                  const Metric& metric, const MetricContext& context) {
  const std::size_t fixed = fixed_part(parts);
  std::vector<double> weights;
  std::string how = "as given";
  if (!options.is_auto()) {
    weights = numbers_of(options);
    if (weights.size() < parts.size()) weights.insert(weights.begin() + static_cast<std::ptrdiff_t>(fixed), 1);
    if (weights.size() != parts.size()) {
      throw data::UsageError("--blend_weight: expected auto or " + std::to_string(parts.size()) + " weights, found " +
                             std::to_string(weights.size()));
    }
  } else {
    BlendChoice choice = choose_weights(on_training, fixed, validation, metric, context);
    weights = choice.weights;
    how = choice.tried.empty() ? "nothing to choose on: no validation, or one part" : "";
    for (const auto& [tried, value] : choice.tried)
      how += (how.empty() ? metric.label() + " on validation of " : "; ") + weights_text(tried) +
             formatted(": %.4f", value);
  }
  std::string text;
  for (std::size_t p = 0; p < parts.size(); ++p)
    text += (p ? ", " : "") + formatted("%.4g of ", weights[p]) + parts[p].name;
  log_info("blend: weight " + text + " (" + how + ")");
  return weights;
}

}  // namespace recvae::tools
