#include "query.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "../../data/error.h"
#include "../../data/number.h"

namespace recvae {
namespace {

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
    return list_ || fail(key_.empty() ? data::excerpt(text_) : "a list in " + key_);
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

}  // namespace

void Catalogue::add(std::string_view token, std::vector<std::int32_t>& items) {
  if (const std::int32_t item = items_.find(token); item >= 0)
    items.push_back(item);
  else
    count_unknown(token);
}

void Catalogue::count_unknown(std::string_view token, std::int64_t times) {
  unknown_ += times;
  if (examples_.size() == 5) return;
  std::string example = data::excerpt(token);
  if (std::ranges::find(examples_, example) == examples_.end()) examples_.push_back(std::move(example));
}

void Catalogue::count_unknown(const data::Histories& histories) {
  std::int64_t rows = histories.unknown_rows;  // of all of them
  for (const std::string& token : histories.unknown_items) count_unknown(token, std::exchange(rows, 0));
}

std::string Catalogue::complaint() const {
  if (unknown_ == 0) return {};
  std::string list;
  for (const std::string& example : examples_) list += (list.empty() ? "" : ", ") + example;
  if (strange_ > 0) list += "; of line " + std::to_string(strange_) + " none is known: tabs separate the items";
  return std::to_string(unknown_) + " unknown items were skipped, such as " + list;
}

Query parse_query(std::string_view text, const std::string& source, Query q, Catalogue& catalogue) {
  const std::string_view begun = text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
  if (begun.starts_with('{') || begun.starts_with("[{") || begun.starts_with("[\"")) {
    JsonQuery(text, source, catalogue, q);
  } else {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\t', begin), text.size());
      if (end > begin) catalogue.add(text.substr(begin, end - begin), q.items);
      begin = end + 1;
    }
    if (q.items.empty() && text.find_first_not_of('\t') != text.npos) catalogue.count_strange(q.line);
  }
  std::sort(q.items.begin(), q.items.end());
  q.items.erase(std::unique(q.items.begin(), q.items.end()), q.items.end());
  return q;
}

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace recvae
