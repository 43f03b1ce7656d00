// Lists the items most like others.
#include "autodiff/parallel.h"
#include "command_line.h"
#include "ranker.h"
#include "recvae/recvae.h"
#include "results.h"

namespace recvae::tools {
namespace {

struct Options {
  std::string model, input, metric = "cosine";
  std::int64_t topk = 20;
};

/// Prints what is most like each of `items`, in order.
void answer(Scorer& scorer, const Catalogue& catalogue, std::int64_t topk, const std::vector<std::int32_t>& items) {
  data::Csr rows;
  rows.cols = static_cast<std::int32_t>(catalogue.tokens().size());
  for (const std::int32_t& item : items) rows.append({&item, 1});
  recommend(scorer, rows, topk, {.history = true}, [&](std::int64_t row, std::span<const Scored> best) {
    const char* item = catalogue.token(items[data::as_size(row)]).c_str();
    for (std::size_t k = 0; k < best.size(); ++k) {
      std::printf("%s\t%zu\t%s\t%s\n", item, k + 1, catalogue.token(best[k].item).c_str(),
                  score_text(best[k].score).c_str());
    }
  });
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw data::DataError("standard output cannot be written");
}

void answer_lines(const Options& o, Scorer& scorer, Catalogue& catalogue) {
  data::TextSource source = o.input.empty() ? standard_input() : open_text(o.input);
  std::vector<std::int32_t> items;
  const auto flush = [&] { answer(scorer, catalogue, o.topk, std::exchange(items, {})); };
  for (std::string_view token; source.next(token);) {
    if (!token.empty()) catalogue.add(token, items);
    if (std::ssize(items) == kScoredTogether || !source.buffered()) flush();
  }
  flush();
}

void similar_command(CommandLine& line) {
  Options o;
  line.describe(
      "Lists the items most like others, by the model's decoder, or by a baseline's item weights.\n\n"
      "A line of input is an item's token. A line of output is that item, a rank, another item and how alike they "
      "are.");
  line.version_note(engine());
  line.group("Similar items");
  line.add("model", &o.model,
           "model.safetensors of recvae_train, a serving.safetensors, or item weights such as ease.safetensors");
  line.add("input", &o.input, "read item tokens from this file (default: standard input)");
  line.add("topk", &o.topk, "items per line of input (default: 20)", at_least(1));
  line.add("metric", &o.metric, "cosine (default), or dot: the inner product of decoder rows");
  if (!line.parse()) return;
  line.require("model");
  if (o.metric != "cosine" && o.metric != "dot")
    throw data::UsageError("--metric: expected cosine or dot, found '" + o.metric + "'");
  ad::set_threads(line.threads());

  const Ranker ranker = load_ranker(o.model);
  if (!ranker.model() && line.given("metric"))
    throw data::UsageError("--metric: expected a model, whose items have vectors, found item weights");
  if (ranker.item_tokens().empty())
    throw data::DataError(o.model + ": expected a model file with item tokens, found none to name items by");
  Catalogue catalogue(ranker.item_tokens());
  const Similarity similarity = o.metric == "dot" ? Similarity::dot : Similarity::cosine;
  const auto scorer = ranker.model() ? similar_items(ranker.model()->model, similarity) : ranker.scorer();
  with_complaint(catalogue, [&] { answer_lines(o, *scorer, catalogue); });
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) {
  return recvae::tools::run_command("recvae_similar", argc, argv, recvae::tools::similar_command);
}
