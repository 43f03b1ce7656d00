// Recommends items for histories, as they come.
#include <unordered_map>

#include "autodiff/parallel.h"
#include "blending.h"
#include "command_line.h"
#include "data/load.h"
#include "data_summary.h"
#include "model_metadata.h"
#include "ranker.h"
#include "recvae/recvae.h"
#include "results.h"

namespace recvae::tools {
namespace {

/// The items of a file of tokens, one a line.
std::vector<std::int32_t> read_items(const std::string& path, Catalogue& catalogue) {
  data::TextSource text = open_text(path);
  std::vector<std::int32_t> items;
  for (std::string_view line; text.next(line);) {
    if (!line.empty()) catalogue.add(line, items);
  }
  return items;
}

struct Options {
  data::DataOptions data;
  std::string model, input, format = "tsv", exclude, candidates, item_names;
  std::int64_t topk = 20;
  double layer_norm_eps = Settings{}.layer_norm_eps;
  bool include_seen = false;
  BaselineOptions baseline;
  BlendOptions blend;
  std::string valid_metric;
};

/// Answers queries with the best items of a model or of a blend.
class Recommender {
 public:
  Recommender(const Options& o, Scorer& scorer, Catalogue& catalogue) : o_(o), catalogue_(catalogue), scorer_(scorer) {
    const auto bar = [&](const std::string& file, std::uint8_t barred) {
      for (const std::int32_t item : read_items(file, catalogue)) barred_[data::as_size(item)] = barred;
    };
    const bool only_candidates = !o.candidates.empty();
    if (only_candidates || !o.exclude.empty()) barred_.assign(catalogue.tokens().size(), only_candidates);
    if (only_candidates) bar(o.candidates, 0);
    if (!o.exclude.empty()) bar(o.exclude, 1);
    if (!o.item_names.empty()) names_ = read_item_names(o.item_names);
  }

  /// Prints the lists of queries, in order.
  void answer(std::span<const Query> queries) {
    while (!queries.empty()) {
      const auto other =
          std::find_if(queries.begin() + 1, queries.end(), [&](const Query& q) { return !q.asks_as(queries.front()); });
      const auto alike = queries.first(static_cast<std::size_t>(other - queries.begin()));
      answer_alike(alike);
      queries = queries.subspan(alike.size());
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw data::DataError("standard output cannot be written");
  }

 private:
  void answer_alike(std::span<const Query> queries) {
    data::Csr histories, masked;
    histories.cols = masked.cols = static_cast<std::int32_t>(catalogue_.tokens().size());
    for (const Query& q : queries) {
      std::vector<std::int32_t> excluded = q.exclude;
      if (!q.include_seen) excluded.insert(excluded.end(), q.seen.begin(), q.seen.end());
      std::sort(excluded.begin(), excluded.end());
      excluded.erase(std::unique(excluded.begin(), excluded.end()), excluded.end());
      histories.append(q.items);
      masked.append(excluded);
    }
    const Query& first = queries.front();
    std::vector<std::uint8_t> barred = barred_;
    if (first.candidates) {
      barred.assign(catalogue_.tokens().size(), 1);
      for (const std::int32_t item : *first.candidates)
        barred[data::as_size(item)] = barred_.empty() ? 0 : barred_[data::as_size(item)];
    }
    recommend_in_blocks(scorer_, histories, first.topk, {!first.include_seen, &masked, barred},
                        [&](std::int64_t row, std::span<const std::vector<Scored>> lists) {
                          print(queries.subspan(data::as_size(row), lists.size()), lists);
                        });
  }

  /// Prints lists in order; their text is made a few users at a time, by all threads.
  void print(std::span<const Query> queries, std::span<const std::vector<Scored>> lists) const {
    constexpr std::size_t kTogether = 32;
    std::vector<std::string> texts(std::min(kTogether, lists.size()));
    for (std::size_t begin = 0; begin < lists.size(); begin += kTogether) {
      const std::size_t count = std::min(kTogether, lists.size() - begin);
      ad::parallel_for(static_cast<ad::Index>(count), [&](ad::Index k) {
        const std::size_t at = begin + data::as_size(k);
        texts[at - begin] = o_.format == "jsonl" ? as_json(queries[at], lists[at]) : as_table(queries[at], lists[at]);
      });
      for (const std::string& text : std::span(texts).first(count)) std::fwrite(text.data(), 1, text.size(), stdout);
    }
  }

  std::string as_json(const Query& q, std::span<const Scored> best) const {
    const bool by_user = q.line == 0;
    std::string text = by_user ? "{" : "{\"line\": " + std::to_string(q.line) + ", ";
    if (by_user || !q.user.empty()) text += "\"user\": " + (by_user ? json_text(q.user) : q.user) + ", ";
    text += "\"known\": " + std::to_string(q.items.size()) + ", \"items\": [";
    for (std::size_t k = 0; k < best.size(); ++k) {
      const std::string& token = catalogue_.token(best[k].item);
      const auto name = names_.find(token);
      text += (k ? ", [" : "[") + json_text(token) + ", " + score_text(best[k].score) +
              (name == names_.end() ? "" : ", " + json_text(name->second)) + "]";
    }
    return text + "]}\n";
  }

  std::string as_table(const Query& q, std::span<const Scored> best) const {
    const std::string who = q.line == 0 ? q.user : std::to_string(q.line);
    std::string text;
    for (std::size_t k = 0; k < best.size(); ++k) {
      const std::string& token = catalogue_.token(best[k].item);
      const auto name = names_.find(token);
      text += who + "\t" + std::to_string(k + 1) + "\t" + token + "\t" + score_text(best[k].score) +
              (name == names_.end() ? "" : "\t" + name->second) + "\n";
    }
    return text;
  }

  const Options& o_;
  Catalogue& catalogue_;
  Scorer& scorer_;
  std::vector<std::uint8_t> barred_;  // for everybody; empty: none
  std::unordered_map<std::string, std::string> names_;
};

void answer_lines(const Options& o, Recommender& recommender, Catalogue& catalogue) {
  data::TextSource source = o.input.empty() ? standard_input() : open_text(o.input);
  std::vector<Query> queries;
  const auto answer = [&] { recommender.answer(std::exchange(queries, {})); };
  try {
    for (std::string_view text; source.next(text);) {
      queries.push_back(parse_query(
          text, source.name(), {.line = source.line(), .topk = o.topk, .include_seen = o.include_seen}, catalogue));
      if (std::ssize(queries) == kScoredTogether || !source.buffered()) answer();
    }
  } catch (const data::DataError&) {  // the lines before the bad one are good
    answer();
    throw;
  }
  answer();
}

void answer_users(const Options& o, Recommender& recommender, Catalogue& catalogue) {
  const data::Histories users = data::read_histories(o.data, catalogue.tokens());
  if (o.format == "tsv") require_no_tabs(o.data.path, users.user_tokens);
  catalogue.count_unknown(users);
  std::vector<Query> queries;
  for (std::int64_t u = 0; u < users.history.rows(); ++u) {
    const auto row = users.history.row(u), seen = users.seen.row(u);
    queries.push_back({.user = users.user_tokens[data::as_size(u)],
                       .items = {row.begin(), row.end()},
                       .seen = {seen.begin(), seen.end()},
                       .topk = o.topk,
                       .include_seen = o.include_seen});
    if (static_cast<std::int64_t>(queries.size()) < kScoredTogether && u + 1 < users.history.rows()) continue;
    recommender.answer(queries);
    queries.clear();
    if (stop_requested()) throw data::Stopped();
  }
}

/// The data as the first part's file has them split, for what a blend learns and chooses; its items are `items`.
data::Dataset training_data(const Part& first, const CommandLine& line, const std::vector<std::string>& items,
                            data::DataOptions& options) {
  hold_text(options);
  data::DataOptions as_split = options;
  apply_data_metadata(first.name, first.file->settings(), line, as_split);
  data::Dataset data = data::load(as_split);
  log_summary(data.summary);
  if (data.item_tokens != items)
    throw data::DataError(options.path + ": expected the data that " + first.name +
                          " was trained on, to learn and choose for the blend, found other items");
  return data;
}

/// The scorer of the parts, all in the order of the items of `first`, which has a file.
std::unique_ptr<Scorer> blend(std::vector<Part>& parts, const Part& first, const CommandLine& line, Options& o) {
  const std::vector<std::string> items = first.file->item_tokens();
  const bool learns = std::ranges::any_of(parts, [](const Part& p) { return !p.file; });
  const bool chooses = o.blend.is_auto() && parts.size() > 1;
  data::Dataset data;
  if (learns || chooses) {
    if (o.data.path.empty())
      throw data::UsageError(learns ? "--blend: expected weight files, or --data to learn a baseline from"
                                    : "--blend_weight: expected weights, or --data to choose them on");
    data = training_data(first, line, items, o.data);
  }
  match_parts(parts, items);
  if (chooses) {
    require_unseen_validation(parts, data);
    warn_of_other_rows(parts, data);
  }
  Settings settings = first.file->settings().empty() ? Settings{} : settings_from_json(first.file->settings());
  if (!o.valid_metric.empty()) settings.valid_metric = o.valid_metric;
  const Metric metric = recvae::valid_metric(settings);
  const MetricContext context = metric_context(data, settings);
  announce_parts(parts, data.train);
  for (Part& part : parts) {
    if (part.file) continue;
    part.baseline =
        find_options(part.name, data, metric, context, part.baseline, given_options(line)).value_or(part.baseline);
    log_learned(part.name, data.train, false);
  }
  std::vector<BlendPart> scorers = part_scorers(parts, data.train, DecoderCopy::whole);
  const std::vector<double> weights = blend_weights(o.blend, parts, scorers, data.validation, metric, context);
  return blend_scorer(std::move(scorers), weights);
}

/// The files that are asked for and the parts to be learned, a file first.
std::vector<Part> read_ranked(const CommandLine& line, Options& o) {
  std::vector<Part> parts = read_parts(o.blend, o.baseline, o.layer_norm_eps);
  if (!o.model.empty()) {
    parts.insert(parts.begin(), {o.model, load_named_ranker(o.model, line, o.data, o.layer_norm_eps), {}});
  } else if (const Part* first = first_file(parts)) {
    parts[static_cast<std::size_t>(first - parts.data())].file =
        load_named_ranker(first->name, line, o.data, o.layer_norm_eps);
  } else {
    throw data::UsageError("--blend: expected a weight file among the parts, or --model, whose items are listed");
  }
  return parts;
}

void recommend_command(CommandLine& line) {
  Options o;
  line.describe(
      "Recommends items for histories, as they come, or for every user of --data.\n\n"
      "A line of input is a user: item tokens separated by tabs, or {\"user\": ..., \"items\": [tokens]}, which may "
      "also "
      "have topk, exclude, candidates (lists of tokens, beside the files of the options) and include_seen.\n"
      "A line of output is line, rank, item and score. With --format jsonl it is a user, with \"known\", how many of "
      "the "
      "user's items the model knows.");
  line.version_note(engine());
  line.group("Recommendation");
  line.add("model", &o.model, "model.safetensors of recvae_train, or its ease.safetensors");
  line.add("input", &o.input, "read histories from this file (default: standard input)");
  line.add("topk", &o.topk, "items per user (default: 20)", at_least(1));
  line.add("format", &o.format, "tsv (default) or jsonl");
  line.add("exclude", &o.exclude, "file of item tokens, one a line: never recommend these");
  line.add("candidates", &o.candidates, "file of item tokens, one a line: recommend only these");
  line.flag("include_seen", &o.include_seen, "recommend also items that the user has, those below the threshold too");
  line.add("layer_norm_eps", &o.layer_norm_eps, "of a model file without settings (default: 0.1)");
  line.add("item_names", &o.item_names, "file of token<TAB>name lines. Names are printed after the score");
  line.group("Blend");
  add_blend_options(line, o.blend, "; beside --model, if there is one. A baseline is learned from --data");
  add_baseline_options(line, o.baseline, "the best power of two on validation");
  line.add("valid_metric", &o.valid_metric, "metric that chooses on validation (default: the model's)");
  add_data_options(line, o.data, DataUse::histories);
  if (!line.parse()) return;
  if (!line.given("blend")) line.require("model");
  check_blend(line, o.blend, !o.model.empty());
  check_baseline("ease", o.baseline);
  if (o.format != "tsv" && o.format != "jsonl")
    throw data::UsageError("--format: expected tsv or jsonl, found '" + o.format + "'");
  if (!o.data.path.empty() && !o.input.empty()) throw data::UsageError("expected --data or --input, found both");
  if (!o.data.path.empty()) data::check_options(o.data);
  check_layer_norm_eps(o.layer_norm_eps);
  ad::set_threads(line.threads());

  std::vector<Part> parts = read_ranked(line, o);
  const Part* const first = first_file(parts);
  if (o.format == "tsv") require_no_tabs(first->name, first->file->item_tokens());
  Catalogue catalogue(first->file->item_tokens());
  const std::unique_ptr<Scorer> scorer =
      o.blend.is_asked_for() ? blend(parts, *first, line, o) : first->file->scorer(DecoderCopy::whole);
  Recommender recommender(o, *scorer, catalogue);
  with_complaint(catalogue, [&] {
    o.data.path.empty() ? answer_lines(o, recommender, catalogue) : answer_users(o, recommender, catalogue);
  });
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) {
  return recvae::tools::run_command("recvae_recommend", argc, argv, recvae::tools::recommend_command);
}
