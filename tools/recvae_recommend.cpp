// Recommends items for histories, as they come.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "autodiff/parallel.h"
#include "command_line.h"
#include "data/read/text_source.h"
#include "model_metadata.h"
#include "recvae/recvae.h"
#include "results.h"

namespace recvae::tools {
namespace {

/// One user to answer: who it is, the items that a model is shown of it, and those that it is to be spared besides.
struct Query {
  std::int64_t line = 0;
  std::string user;  // with --data its token; else a JSON value as it came, empty where none was given
  std::vector<std::int32_t> items, seen{};
};

/// Lines of a file descriptor, as soon as they are there.
class LineReader {
 public:
  LineReader(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  /// The lines at hand, at most `limit`; waits for one if there is none. Empty at the end.
  std::vector<std::string> next(std::size_t limit) {
    std::vector<std::string> lines;
    while (lines.size() < limit) {
      const std::size_t end = buffer_.find('\n', begin_);
      if (end != std::string::npos) {
        lines.push_back(buffer_.substr(begin_, end - begin_));
        begin_ = end + 1;
      } else if (ended_) {
        if (begin_ < buffer_.size()) lines.push_back(buffer_.substr(begin_));
        begin_ = buffer_.size();
        break;
      } else if (!lines.empty()) {
        break;
      } else {
        fill();
      }
    }
    for (std::string& line : lines) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
    }
    return lines;
  }

 private:
  void fill() {
    buffer_.erase(0, begin_);
    begin_ = 0;
    char block[1 << 16];
    const ssize_t count = read(fd_, block, sizeof block);
    if (stop_requested()) throw data::Stopped();
    if (count < 0) throw data::DataError(name_ + ": " + std::strerror(errno));
    ended_ = count == 0;
    buffer_.append(block, static_cast<std::size_t>(count));
  }

  int fd_;
  std::string name_, buffer_;
  std::size_t begin_ = 0;
  bool ended_ = false;
};

/// The model's items by token, and what was asked for that it does not have.
class Catalogue {
 public:
  explicit Catalogue(const std::vector<std::string>& tokens) : tokens_(tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) index_.emplace(tokens[i], static_cast<std::int32_t>(i));
  }
  const std::string& token(std::int32_t item) const { return tokens_[static_cast<std::size_t>(item)]; }
  std::size_t size() const { return tokens_.size(); }

  /// The item's index, or -1, counted as unknown.
  std::int32_t find(const std::string& token) {
    const auto it = index_.find(token);
    if (it != index_.end()) return it->second;
    count_unknown(token);
    return -1;
  }
  void count_unknown(const std::string& token, std::int64_t times = 1) {
    unknown_ += times;
    if (examples_.size() < 5 && std::find(examples_.begin(), examples_.end(), token) == examples_.end())
      examples_.push_back(token);
  }
  void warn() const {
    if (unknown_ == 0) return;
    std::string list;
    for (const std::string& e : examples_) list += (list.empty() ? "" : ", ") + data::excerpt(e);
    log_warning(std::to_string(unknown_) + " unknown items were skipped, such as " + list);
  }

 private:
  const std::vector<std::string>& tokens_;
  std::unordered_map<std::string, std::int32_t> index_;
  std::int64_t unknown_ = 0;
  std::vector<std::string> examples_;
};

/// The lines of a file that are not empty.
std::vector<std::string> read_lines(const std::string& path) {
  data::TextSource text = data::TextSource::from_file(path);
  std::vector<std::string> lines;
  for (std::string_view line; text.next(line);) {
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
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

Query parse_query(const std::string& text, std::int64_t line, const std::string& source, Catalogue& catalogue) {
  Query q;
  q.line = line;
  if (text.find('\0') != std::string::npos) throw data::error_at(source, line, "text", "a NUL byte");
  const auto add = [&](const std::string& token) {
    if (const std::int32_t item = catalogue.find(token); item >= 0) q.items.push_back(item);
  };
  if (text.starts_with('{')) {
    const auto j = nlohmann::json::parse(text, nullptr, false);
    const auto bad = [&] {
      throw data::error_at(source, line, "{\"user\": ..., \"items\": [tokens]}", data::excerpt(text));
    };
    if (!j.is_object() || !j.contains("items") || !j["items"].is_array()) bad();
    for (const auto& item : j["items"]) {
      if (item.is_string())
        add(item.get<std::string>());
      else if (item.is_number_integer())
        add(item.dump());
      else
        bad();
    }
    if (j.contains("user") && !j["user"].is_primitive()) bad();
    if (j.contains("user")) q.user = j["user"].dump();
  } else {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\t', begin), text.size());
      if (end > begin) add(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  std::sort(q.items.begin(), q.items.end());
  q.items.erase(std::unique(q.items.begin(), q.items.end()), q.items.end());
  return q;
}

/// Answers queries with a model's best items.
class Recommender {
 public:
  Recommender(const Options& o, const RecVae<float>& model, Catalogue& catalogue)
      : o_(o), catalogue_(catalogue), scorer_(model_scorer(model, DecoderCopy::whole)), barred_(catalogue.size(), 0) {
    const auto bar = [&](const std::string& file, std::uint8_t barred) {
      for (const std::string& token : read_lines(file)) {
        if (const std::int32_t item = catalogue.find(token); item >= 0)
          barred_[static_cast<std::size_t>(item)] = barred;
      }
    };
    if (!o.candidates.empty()) {
      barred_.assign(catalogue.size(), 1);
      bar(o.candidates, 0);
    }
    if (!o.exclude.empty()) bar(o.exclude, 1);
    if (!o.item_names.empty()) {
      for (const std::string& line : read_lines(o.item_names)) {
        const std::size_t tab = line.find('\t');
        if (tab == std::string::npos)
          throw data::DataError(o.item_names + ": expected token<TAB>name, found " + data::excerpt(line));
        names_[line.substr(0, tab)] = line.substr(tab + 1);
      }
    }
  }

  void answer(const std::vector<Query>& queries) {
    data::Csr histories, seen;
    histories.cols = seen.cols = static_cast<std::int32_t>(catalogue_.size());
    for (const Query& q : queries) {
      histories.append(q.items);
      seen.append(q.seen);
    }
    recommend(
        *scorer_, histories, o_.topk, {!o_.include_seen, o_.include_seen ? nullptr : &seen, barred_},
        [&](std::int64_t row, std::span<const Scored> best) { print(queries[static_cast<std::size_t>(row)], best); });
    if (std::fflush(stdout) != 0) throw data::DataError("standard output cannot be written");
  }

 private:
  void print(const Query& q, std::span<const Scored> best) const {
    const bool by_user = q.line == 0;
    if (o_.format == "jsonl") {
      std::string text = by_user ? "{" : "{\"line\": " + std::to_string(q.line) + ", ";
      if (by_user || !q.user.empty()) text += "\"user\": " + (by_user ? json_text(q.user) : q.user) + ", ";
      text += "\"items\": [";
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
  const std::string source = o.input.empty() ? "standard input" : o.input;
  const int fd = o.input.empty() ? STDIN_FILENO : open(o.input.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw data::DataError(o.input + ": " + std::strerror(errno));
  LineReader reader(fd, source);
  std::int64_t line = 0;
  for (;;) {
    const std::vector<std::string> lines = reader.next(static_cast<std::size_t>(kScoredTogether));
    if (lines.empty()) break;
    std::vector<Query> queries;
    for (const std::string& text : lines) queries.push_back(parse_query(text, ++line, source, catalogue));
    recommender.answer(queries);
  }
  if (fd != STDIN_FILENO) close(fd);
}

void answer_users(const Options& o, Recommender& recommender, Catalogue& catalogue,
                  const std::vector<std::string>& tokens) {
  const data::Histories users = data::read_histories(o.data, tokens);
  std::int64_t rows = users.unknown_rows;
  for (const std::string& token : users.unknown_items) catalogue.count_unknown(token, std::exchange(rows, 0));
  std::vector<Query> queries;
  for (std::int64_t u = 0; u < users.history.rows(); ++u) {
    const auto row = users.history.row(u), seen = users.seen.row(u);
    queries.push_back(
        {0, users.user_tokens[static_cast<std::size_t>(u)], {row.begin(), row.end()}, {seen.begin(), seen.end()}});
    if (static_cast<std::int64_t>(queries.size()) < kScoredTogether && u + 1 < users.history.rows()) continue;
    recommender.answer(queries);
    queries.clear();
    if (stop_requested()) throw data::Stopped();
  }
}

void recommend_command(CommandLine& line) {
  Options o;
  line.describe(
      "Recommends items. Reads a line per user, item tokens separated by tabs or {\"user\": ..., \"items\": [...]}, "
      "and\n"
      "writes line, rank, item and score as it goes. With --data: for every user of the data.");
  line.version_note(engine());
  line.group("Recommendation");
  line.add("model", &o.model, "model.safetensors of recvae_train");
  line.add("input", &o.input, "read histories from this file (default: standard input)");
  line.add("topk", &o.topk, "items per user (default: 20)", at_least(1));
  line.add("format", &o.format, "tsv (default) or jsonl");
  line.add("exclude", &o.exclude, "file of item tokens, one a line, that are never recommended");
  line.add("candidates", &o.candidates, "file of item tokens, one a line: recommend only these");
  line.flag("include_seen", &o.include_seen, "recommend also items that the user has, those below the threshold too");
  line.add("layer_norm_eps", &o.layer_norm_eps, "of a model file without settings (default: 0.1)");
  line.add("item_names", &o.item_names, "file of token<TAB>name lines: names are printed after the score");
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
