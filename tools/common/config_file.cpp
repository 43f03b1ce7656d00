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
#include <sstream>

#include "data/error.h"

namespace recvae::tools {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr const char* kMap = "key: value";
constexpr const char* kValue = "a value or a list of values";

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

/// Takes the parser's events, and stops it at the first that is out of place: nothing is nested, or repeated by
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
    if (in_map_) take(mark, "none", true);  // else nothing is in the document
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    if (tag != "?" && tag != "!") refuse(mark, kValue, "a tag " + data::excerpt(tag));
    if (value.find('\0') != std::string::npos) refuse(mark, "text", data::excerpt(value));
    take(mark, value, false);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    if (!in_map_ || !has_key_) refuse(mark, kMap, "a list");
    if (in_list_) refuse(mark, "a value", "a list in a list");
    in_list_ = true;
    entries.back().value = "[";
  }
  void OnSequenceEnd() override {
    entries.back().value += "]";
    in_list_ = has_key_ = false;
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    if (in_map_) refuse(mark, in_list_ ? "a value or the list's end" : has_key_ ? kValue : kMap, "a map");
    in_map_ = true;
  }
  void OnMapEnd() override { in_map_ = false; }

 private:
  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& expected, const std::string& found) const {
    throw data::error_at(path_, mark.line + 1, expected, found);
  }

  void take(const YAML::Mark& mark, const std::string& value, bool is_null) {
    if (!in_map_ || (!has_key_ && (is_null || value.empty()))) {
      refuse(mark, kMap, is_null ? "no key" : data::excerpt(value));
    }
    if (in_list_) {
      if (value.find(',') != std::string::npos) refuse(mark, "a value without a comma", data::excerpt(value));
      std::string& list = entries.back().value;
      list += (list.size() > 1 ? "," : "") + element_text(value);
    } else if (has_key_) {
      entries.back().value = value;
      entries.back().is_null = is_null;
      has_key_ = false;
    } else {
      add_key(mark, value);
    }
  }

  void add_key(const YAML::Mark& mark, std::string key) {
    std::replace(key.begin(), key.end(), '-', '_');
    const auto [first, added] = lines_.emplace(key, mark.line + 1);
    if (!added) {
      throw data::DataError(path_ + ":" + std::to_string(mark.line + 1) + ": key " + data::excerpt(key) +
                            " twice, the first is in line " + std::to_string(first->second));
    }
    entries.push_back({std::move(key), {}, false, mark.line + 1});
    has_key_ = true;
  }

  std::string path_;
  std::map<std::string, int> lines_;
  int documents_ = 0;
  bool in_map_ = false, in_list_ = false, has_key_ = false;
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
