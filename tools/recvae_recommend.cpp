// Recommends items for histories, as they come.
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "autodiff/parallel.h"
#include "command_line.h"
#include "data/number.h"
#include "data/read/text_source.h"
#include "model_metadata.h"
#include "recvae/recvae.h"
#include "results.h"

namespace recvae::tools {
namespace {

/// One user to answer: who it is, the items that a model is shown of it, and how its list differs from the others'.
struct Query {
  std::int64_t line = 0;
  std::string user{};  // with --data its token; else a JSON value as it came, empty where none was given
  std::vector<std::int32_t> items{}, seen{}, exclude{};
  std::int64_t topk;
  bool include_seen;
  std::optional<std::vector<std::int32_t>> candidates{};

  bool asks_as(const Query& other) const {
    return topk == other.topk && include_seen == other.include_seen && !candidates && !other.candidates;
  }
};

void sort_unique(std::vector<std::int32_t>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

/// The model's items by token, and what was asked for that it does not have.
class Catalogue {
 public:
  explicit Catalogue(const std::vector<std::string>& tokens) : tokens_(tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) index_.emplace(tokens[i], static_cast<std::int32_t>(i));
  }
  const std::string& token(std::int32_t item) const { return tokens_[static_cast<std::size_t>(item)]; }
  std::size_t size() const { return tokens_.size(); }

  /// Appends the item's index, or counts the token as unknown.
  void add(std::string_view token, std::vector<std::int32_t>& items) {
    const auto it = index_.find(std::string(token));
    if (it != index_.end())
      items.push_back(it->second);
    else
      count_unknown(std::string(token));
  }
  void count_unknown(const std::string& token, std::int64_t times = 1) {
    unknown_ += times;
    if (examples_.size() < 5 && std::find(examples_.begin(), examples_.end(), token) == examples_.end())
      examples_.push_back(token);
  }
  /// That a line of tokens has none that is known.
  void count_strange(std::int64_t line) {
    if (strange_ == 0) strange_ = line;
  }
  void warn() const {
    if (unknown_ == 0) return;
    std::string list;
    for (const std::string& e : examples_) list += (list.empty() ? "" : ", ") + data::excerpt(e);
    if (strange_ > 0) list += "; of line " + std::to_string(strange_) + " none is known: tabs separate the items";
    log_warning(std::to_string(unknown_) + " unknown items were skipped, such as " + list);
  }

 private:
  const std::vector<std::string>& tokens_;
  std::unordered_map<std::string, std::int32_t> index_;
  std::int64_t unknown_ = 0, strange_ = 0;
  std::vector<std::string> examples_;
};

/// The items of a file of tokens, one a line.
std::vector<std::int32_t> read_items(const std::string& path, Catalogue& catalogue) {
  data::TextSource text = data::TextSource::from_file(path);
  std::vector<std::int32_t> items;
  for (std::string_view line; text.next(line);) {
    if (!line.empty()) catalogue.add(line, items);
  }
  return items;
}

/// As JSON; bytes that are no UTF-8, which JSON cannot hold, become U+FFFD.
std::string json_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct Options {
  data::DataOptions data;
  std::string model, input, format = "tsv", exclude, candidates, item_names;
  std::int64_t topk = 20;
  double layer_norm_eps = Settings{}.layer_norm_eps;
  bool include_seen = false;
};

/// A line in JSON: one object of values and lists of tokens, each key once. Anything deeper ends the reading.
class JsonQuery : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonQuery(std::string_view text, const std::string& source, Catalogue& catalogue, Query& query)
      : text_(text), source_(source), catalogue_(catalogue), q_(query) {
    nlohmann::json::sax_parse(text.begin(), text.end(), this);
    if (!keys_.count("items")) fail(data::excerpt(text));
  }

  bool null() override { return take(Kind::other, "null"); }
  bool boolean(bool value) override { return take(Kind::boolean, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return take(Kind::whole, std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(Kind::whole, std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return take(Kind::other, text); }
  bool string(string_t& text) override { return take(Kind::text, text); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return keys_.empty() || fail("an object as " + key_); }
  bool end_object() override { return true; }
  bool key(string_t& key) override {
    static const std::set<std::string> known = {"user", "items", "topk", "exclude", "candidates", "include_seen"};
    if (!known.count(key)) fail("key " + data::excerpt(key));
    if (!keys_.insert(key).second) fail("key " + data::excerpt(key) + " twice");
    key_ = key;
    return true;
  }
  bool start_array(std::size_t) override {
    list_ = list_                  ? nullptr
            : key_ == "items"      ? &q_.items
            : key_ == "exclude"    ? &q_.exclude
            : key_ == "candidates" ? &q_.candidates.emplace()
                                   : nullptr;
    return list_ || fail("a list in " + key_);
  }
  bool end_array() override {
    list_ = nullptr;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return fail(data::excerpt(text_));
  }

 private:
  enum class Kind { text, whole, boolean, other };

  bool take(Kind kind, const std::string& text) {
    if (list_) {
      if (kind != Kind::text && kind != Kind::whole) fail(text + " in " + key_);
      catalogue_.add(text, *list_);
    } else if (key_ == "user") {
      q_.user = kind == Kind::text ? json_text(text) : text;
    } else if (key_ == "include_seen" && kind == Kind::boolean) {
      q_.include_seen = text == "true";
    } else if (const auto number = data::parse_number<std::int64_t>(text);
               key_ == "topk" && kind == Kind::whole && number && *number > 0) {
      q_.topk = *number;
    } else {
      fail(data::excerpt(text) + " as " + key_);
    }
    return true;
  }
  [[noreturn]] bool fail(const std::string& found) const {
    throw data::error_at(source_, q_.line,
                         "an object of user, items [tokens] and, if need be, topk (a whole number from 1 on), exclude "
                         "[tokens], candidates [tokens] and include_seen (true or false)",
                         found);
  }

  std::string_view text_;
  const std::string& source_;
  Catalogue& catalogue_;
  Query& q_;
  std::set<std::string> keys_;
  std::string key_;
  std::vector<std::int32_t>* list_ = nullptr;  // that is being read
};

/// A line: tokens between tabs, or an object in JSON.
Query parse_query(std::string_view text, const data::TextSource& source, const Options& o, Catalogue& catalogue) {
  Query q{.line = source.line(), .topk = o.topk, .include_seen = o.include_seen};
  if (text.starts_with('{')) {
    JsonQuery(text, source.name(), catalogue, q);
  } else {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\t', begin), text.size());
      if (end > begin) catalogue.add(text.substr(begin, end - begin), q.items);
      begin = end + 1;
    }
    if (q.items.empty() && text.find_first_not_of('\t') != text.npos) catalogue.count_strange(q.line);
  }
  sort_unique(q.items);
  return q;
}

/// Answers queries with a model's best items.
class Recommender {
 public:
  Recommender(const Options& o, const RecVae<float>& model, Catalogue& catalogue)
      : o_(o), catalogue_(catalogue), scorer_(model_scorer(model, DecoderCopy::whole)), barred_(catalogue.size(), 0) {
    const auto bar = [&](const std::string& file, std::uint8_t barred) {
      for (const std::int32_t item : read_items(file, catalogue)) barred_[data::as_size(item)] = barred;
    };
    if (!o.candidates.empty()) {
      barred_.assign(catalogue.size(), 1);
      bar(o.candidates, 0);
    }
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
    if (std::fflush(stdout) != 0) throw data::DataError("standard output cannot be written");
  }

 private:
  void answer_alike(std::span<const Query> queries) {
    data::Csr histories, masked;
    histories.cols = masked.cols = static_cast<std::int32_t>(catalogue_.size());
    for (const Query& q : queries) {
      std::vector<std::int32_t> excluded = q.exclude;
      if (!q.include_seen) excluded.insert(excluded.end(), q.seen.begin(), q.seen.end());
      sort_unique(excluded);
      histories.append(q.items);
      masked.append(excluded);
    }
    const Query& first = queries.front();
    std::vector<std::uint8_t> barred = barred_;
    if (first.candidates) {
      barred.assign(catalogue_.size(), 1);
      for (const std::int32_t item : *first.candidates) barred[data::as_size(item)] = barred_[data::as_size(item)];
    }
    recommend(*scorer_, histories, first.topk, {!first.include_seen, &masked, barred},
              [&](std::int64_t row, std::span<const Scored> best) { print(queries[data::as_size(row)], best); });
  }

  void print(const Query& q, std::span<const Scored> best) const {
    const bool by_user = q.line == 0;
    if (o_.format == "jsonl") {
      std::string text = by_user ? "{" : "{\"line\": " + std::to_string(q.line) + ", ";
      if (by_user || !q.user.empty()) text += "\"user\": " + (by_user ? json_text(q.user) : q.user) + ", ";
      text += "\"known\": " + std::to_string(q.items.size()) + ", \"items\": [";
      for (std::size_t k = 0; k < best.size(); ++k) {
        const std::string& token = catalogue_.token(best[k].item);
        const auto name = names_.find(token);
        text += (k ? ", [" : "[") + json_text(token) + ", " + number(best[k].score) +
                (name == names_.end() ? "" : ", " + json_text(name->second)) + "]";
      }
      std::printf("%s]}\n", text.c_str());
      return;
    }
    const std::string who = by_user ? q.user : std::to_string(q.line);
    for (std::size_t k = 0; k < best.size(); ++k) {
      const std::string& token = catalogue_.token(best[k].item);
      const auto name = names_.find(token);
      std::printf("%s\t%zu\t%s\t%s%s%s\n", who.c_str(), k + 1, token.c_str(), number(best[k].score).c_str(),
                  name == names_.end() ? "" : "\t", name == names_.end() ? "" : name->second.c_str());
    }
  }

  static std::string number(float score) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", static_cast<double>(score));
    return text;
  }

  const Options& o_;
  Catalogue& catalogue_;
  std::unique_ptr<Scorer> scorer_;
  std::vector<std::uint8_t> barred_;
  std::unordered_map<std::string, std::string> names_;
};

void answer_lines(const Options& o, Recommender& recommender, Catalogue& catalogue) {
  data::TextSource source =
      o.input.empty() ? data::TextSource::from_descriptor(STDIN_FILENO, "standard input", {stop_requested, {}})
                      : data::TextSource::from_file(o.input, {stop_requested, {}});
  std::vector<Query> queries;
  const auto answer = [&] { recommender.answer(std::exchange(queries, {})); };
  try {
    for (std::string_view text; source.next(text);) {
      queries.push_back(parse_query(text, source, o, catalogue));
      if (std::ssize(queries) == kScoredTogether || !source.buffered()) answer();
    }
  } catch (const data::DataError&) {  // the lines before the bad one are good
    answer();
    throw;
  }
  answer();
}

void answer_users(const Options& o, Recommender& recommender, Catalogue& catalogue,
                  const std::vector<std::string>& tokens) {
  const data::Histories users = data::read_histories(o.data, tokens);
  if (o.format == "tsv") require_no_tabs(o.data.path, users.user_tokens);
  std::int64_t rows = users.unknown_rows;
  for (const std::string& token : users.unknown_items) catalogue.count_unknown(token, std::exchange(rows, 0));
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
  line.add("model", &o.model, "model.safetensors of recvae_train");
  line.add("input", &o.input, "read histories from this file (default: standard input)");
  line.add("topk", &o.topk, "items per user (default: 20)", at_least(1));
  line.add("format", &o.format, "tsv (default) or jsonl");
  line.add("exclude", &o.exclude, "file of item tokens, one a line: never recommend these");
  line.add("candidates", &o.candidates, "file of item tokens, one a line: recommend only these");
  line.flag("include_seen", &o.include_seen, "recommend also items that the user has, those below the threshold too");
  line.add("layer_norm_eps", &o.layer_norm_eps, "of a model file without settings (default: 0.1)");
  line.add("item_names", &o.item_names, "file of token<TAB>name lines. Names are printed after the score");
  add_data_options(line, o.data, DataUse::histories);
  if (!line.parse()) return;
  line.require("model");
  if (o.format != "tsv" && o.format != "jsonl")
    throw data::UsageError("--format: expected tsv or jsonl, found '" + o.format + "'");
  if (!o.data.path.empty() && !o.input.empty()) throw data::UsageError("expected --data or --input, found both");
  if (!o.data.path.empty()) data::check_options(o.data);
  ad::set_threads(line.threads());

  LoadedModel loaded = load_model(o.model, Load::model, o.layer_norm_eps);
  fetch_text(o.data);
  if (!o.data.path.empty()) apply_data_metadata(loaded.settings, line, o.data, DataUse::histories);
  if (loaded.item_tokens.empty()) {  // weights from elsewhere: their items are those of the data, in the data's order
    if (o.data.path.empty())
      throw data::DataError(o.model + ": the model file has no item tokens to name items by; --data has them");
    hold_text(o.data);
    const std::vector<std::string> items = data::load(o.data).item_tokens;
    match_items(o.model, loaded, items);
    loaded.item_tokens = items;
  }
  if (o.format == "tsv") require_no_tabs(o.model, loaded.item_tokens);
  Catalogue catalogue(loaded.item_tokens);
  Recommender recommender(o, loaded.model, catalogue);
  if (o.data.path.empty()) {
    answer_lines(o, recommender, catalogue);
  } else {
    answer_users(o, recommender, catalogue, loaded.item_tokens);
  }
  catalogue.warn();
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) {
  return recvae::tools::run_command("recvae_recommend", argc, argv, recvae::tools::recommend_command);
}
