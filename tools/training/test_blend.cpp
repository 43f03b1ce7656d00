#include "test_blend.h"

#include <algorithm>

#include "command_line.h"
#include "data_summary.h"

namespace recvae::tools {
namespace {

/// The trained model and the other parts of the blend, as scorers.
struct Blended {
  std::vector<Part> parts;
  std::vector<BlendPart> scorers;
};

/// What they are when baselines have learned from these rows.
Blended blended(const Session& s, const data::Csr& rows) {
  Blended b{read_parts(s.o.blend, s.o.baseline_options, s.o.settings.layer_norm_eps), {}};
  match_parts(b.parts, s.data.item_tokens);
  b.parts.insert(b.parts.begin(), {"RecVAE", load_ranker(s.out.file("model.safetensors")), {}});
  for (const Part& part : b.parts) {
    std::shared_ptr<Scorer> scorer;
    if (part.file) {
      scorer = part.file->scorer();
    } else if (!learns_for_choice(s)) {
      scorer = s.learned.at(part.name).scorer;
    } else {
      ItemWeights weights = learn_item_weights(part.name, rows, s.learned.at(part.name).options);
      if (s.o.prune > 0) weights = {pruned(weights, s.o.prune)};
      scorer = item_weights_scorer(std::make_shared<ItemWeights>(std::move(weights)));
    }
    b.scorers.push_back({part.name, scorer});
  }
  return b;
}

}  // namespace

bool can_blend(const Session& s) {
  if (!s.o.blend.is_asked_for() || !has_targets(s.data.test)) return false;
  for (const std::string& name : s.o.blend.parts) {
    if (!has_item_weights(name) || s.learned.contains(name)) continue;
    log_warning("blend: left out, as there is no " + name);
    return false;
  }
  return true;
}

std::vector<double> choose_blend(const Session& s) {
  const Blended b = blended(s, s.data.train);
  return blend_weights(s.o.blend, b.parts, b.scorers, s.data.validation, valid_metric(s.o.settings), s.context);
}

void test_blend(const std::vector<double>& weights, Session& s) {
  const Blended b = blended(s, s.data.baseline_rows(true));
  const auto test = [&](const std::string& who, Scorer& scorer, bool shown) {
    const TimedEvaluation timed = evaluate_timed(scorer, s.data.test, s.metrics, s.context);
    log_info(who + ": lists of " + timed.rate);
    if (shown) put_results(who, timed.result.means, s);
  };
  for (std::size_t p = 0; p < b.parts.size(); ++p)
    test(b.parts[p].name, *b.scorers[p].scorer, p > 0 && b.parts[p].file);
  test("blend", *blend_scorer(b.scorers, weights), true);
}

void check_parts(const TrainOptions& o, const data::Dataset& data) {
  std::vector<Part> parts = read_parts(o.blend, o.baseline_options, o.settings.layer_norm_eps);
  if (!first_file(parts)) return;
  match_parts(parts, data.item_tokens);
  if (o.blend.is_auto()) require_unseen_validation(parts, data);
  warn_of_other_rows(parts, data);
}

}  // namespace recvae::tools
