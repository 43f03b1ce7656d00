#include "config_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "data/error.h"
#include "data/literal.h"

namespace recvae::tools {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr const char* kMap = "key: value";
constexpr const char* kValue = "a value";

/// Text, without the control characters that YAML does not allow: some of them end its parser's input.
std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw data::DataError(path + ": cannot be opened");
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.eof()) {
    throw data::DataError(path + (file.bad() ? ": cannot be read" : ": expected a file of settings, of at most 1 MiB"));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  const auto control = std::ranges::find_if(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
  });
  if (control != text.end()) {
    throw data::error_at(path, 1 + std::count(text.begin(), control, '\n'), "text",
                         data::excerpt(std::string(1, *control)));
  }
  return text;
}

/// A list's element as parse_list reads it back.
std::string element_text(const std::string& text) {
  const auto delimits = [](unsigned char c) { return std::isspace(c) != 0 || c == '"' || c == '\''; };
  return text.empty() || delimits(text.front()) || delimits(text.back()) ? '"' + text + '"' : text;
}

/// Takes the parser's events, and stops it at the first that is out of place: nothing is nested deeply, or repeated by
/// aliases.
class ConfigReader : public YAML::EventHandler {
 public:
  explicit ConfigReader(std::string path) : path_(std::move(path)) {}
  std::vector<ConfigEntry> entries;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) refuse(mark, "one document", "another");
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    refuse(mark, kValue, "an anchor " + data::excerpt(name));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, kValue, "an alias"); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (!open_.empty()) take(mark, {Kind::text, "none"}, true);  // else nothing is in the document
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    if (tag != "?" && tag != "!") refuse(mark, kValue, "a tag " + data::excerpt(tag));
    if (value.find('\0') != std::string::npos) refuse(mark, "text", data::excerpt(value));
    take(mark, {Kind::text, value}, false);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    open(mark, Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    open(mark, Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  using Kind = data::Literal::Kind;
  struct Level {
    data::Literal literal;
    YAML::Mark mark;
    std::optional<std::string> key{};    // of a map, whose value comes next
    std::map<std::string, int> lines{};  // of a map's keys
  };

  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& expected, const std::string& found) const {
    throw data::error_at(path_, mark.line + 1, expected, found);
  }

  void open(const YAML::Mark& mark, Kind kind) {
    const char* what = kind == Kind::map ? "a map" : "a list";
    if (open_.empty() && kind != Kind::map) refuse(mark, kMap, what);
    if (!open_.empty() && open_.back().literal.kind == Kind::map && !open_.back().key) refuse(mark, kMap, what);
    if (open_.size() > kDeepest)
      refuse(mark, "at most " + std::to_string(kDeepest) + " levels of lists and maps", what);
    open_.push_back({data::Literal{kind}, mark});
  }

  void close() {
    Level done = std::move(open_.back());
    open_.pop_back();
    if (!open_.empty()) take(done.mark, std::move(done.literal), false);
  }

  /// A map's key, its value, or a list's element.
  void take(const YAML::Mark& mark, data::Literal value, bool is_null) {
    const bool is_text = value.kind == Kind::text;
    if (open_.empty()) refuse(mark, kMap, data::excerpt(value.text));
    Level& level = open_.back();
    if (level.literal.kind == Kind::map && !level.key) {
      if (is_null || value.text.empty()) refuse(mark, kMap, is_null ? "no key" : data::excerpt(value.text));
      return add_key(mark, level, std::move(value.text));
    }
    if (open_.size() > 1) {
      level.literal.elements.push_back(std::move(value));
    } else if (is_text) {
      entries.back().value = std::move(value.text);
      entries.back().is_null = is_null;
    } else {
      entries.back().value = value.kind == Kind::list ? list_text(mark, value) : data::to_text(value);
    }
    level.key.reset();
  }

  void add_key(const YAML::Mark& mark, Level& level, std::string key) {
    const bool is_option = open_.size() == 1;
    if (is_option) std::replace(key.begin(), key.end(), '-', '_');
    const auto [first, added] = level.lines.emplace(key, mark.line + 1);
    if (!added) {
      throw data::DataError(path_ + ":" + std::to_string(mark.line + 1) + ": key " + data::excerpt(key) +
                            " twice, the first is in line " + std::to_string(first->second));
    }
    level.key = key;
    if (is_option)
      entries.push_back({std::move(key), {}, false, mark.line + 1});
    else
      level.literal.keys.push_back(std::move(key));
  }

  /// A list as parse_list reads it back, or, where there are lists and maps in it, as parse_literal does.
  std::string list_text(const YAML::Mark& mark, const data::Literal& list) const {
    std::string text;
    for (const data::Literal& element : list.elements) {
      if (element.kind != Kind::text) return data::to_text(list);
      if (element.text.find(',') != std::string::npos)
        refuse(mark, "values without a comma in a list", data::excerpt(element.text));
      text += (text.empty() ? "" : ",") + element_text(element.text);
    }
    return "[" + text + "]";
  }

  static constexpr std::size_t kDeepest = 6;

  std::string path_;
  int documents_ = 0;
  std::vector<Level> open_;  // maps and lists, the outermost first
};

/// Does YAML of any version read the text as it stands, as text? Words alone are written so.
bool is_plain(const std::string& text) {
  const auto in_word = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_@/.+-").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (text.empty() || !std::ranges::all_of(text, in_word)) return false;
  if (std::isalpha(static_cast<unsigned char>(text[0])) == 0 && text[0] != '/') return false;
  std::string small = text;
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::string_view meanings[] = {"true", "false", "yes", "no", "on", "off", "y", "n", "null", "none"};
  return std::ranges::find(meanings, small) == std::end(meanings);
}

std::string quoted(const std::string& text) {
  if (is_plain(text)) return text;
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

std::string value_text(const nlohmann::ordered_json& value) {
  if (value.is_string()) return quoted(value.get<std::string>());
  if (!value.is_array()) return value.dump();
  std::string out;
  for (const auto& element : value) out += (out.empty() ? "" : ", ") + value_text(element);
  return "[" + out + "]";
}

}  // namespace

std::vector<ConfigEntry> read_config(const std::string& path) {
  std::string content = read_file(path);
  content += content.ends_with('\n') ? "#" : "\n#";  // yaml-cpp takes a quote that is open at a line's end for closed
  std::istringstream text(content);
  ConfigReader reader(path);
  try {
    YAML::Parser parser(text);
    while (parser.HandleNextDocument(reader)) {
    }
  } catch (const YAML::Exception& error) {
    throw data::DataError(path + ":" + std::to_string(error.mark.line + 1) + ": is no YAML: " + error.msg);
  }
  return std::move(reader.entries);
}

std::string config_text(const nlohmann::ordered_json& settings) {
  std::string text;
  for (const auto& [key, value] : settings.items()) text += quoted(key) + ": " + value_text(value) + "\n";
  return text;
}

}  // namespace recvae::tools
