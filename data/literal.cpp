#include "literal.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace recvae::data {
namespace {

constexpr int kDeepest = 8;
constexpr const char* kForm = "a list [a, b] or a map {'key': value}";

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// Reads from the front of a text.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Literal value(int depth) {
    if (depth > kDeepest) throw std::invalid_argument("at most 8 levels of lists and maps");
    skip_blanks();
    if (take('[')) return list(depth);
    if (take('{')) return map(depth);
    return {Literal::Kind::text, word()};
  }
  void expect_end() {
    skip_blanks();
    if (!text_.empty()) throw std::invalid_argument(kForm);
  }

 private:
  void skip_blanks() {
    while (!text_.empty() && is_blank(text_[0])) text_.remove_prefix(1);
  }
  /// Is this what comes next, blanks aside? Then it is taken.
  bool take(char c) {
    skip_blanks();
    const bool found = text_.starts_with(c);
    if (found) text_.remove_prefix(1);
    return found;
  }

  /// What stands in quotes, or up to a sign of a list or map.
  std::string word() {
    skip_blanks();
    std::string out;
    if (!text_.empty() && (text_[0] == '"' || text_[0] == '\'')) {
      const char quote = text_[0];
      for (text_.remove_prefix(1); !text_.starts_with(quote); text_.remove_prefix(1)) {
        if (text_.starts_with('\\')) text_.remove_prefix(1);
        if (text_.empty()) throw std::invalid_argument("a closing quote");
        out += text_[0];
      }
      text_.remove_prefix(1);
      return out;
    }
    const auto end = std::min(text_.find_first_of(",:[]{}\"'"), text_.size());
    out = text_.substr(0, end);
    text_.remove_prefix(end);
    while (!out.empty() && is_blank(out.back())) out.pop_back();
    if (out.empty()) throw std::invalid_argument(kForm);
    return out;
  }

  Literal list(int depth) {
    Literal out{Literal::Kind::list};
    while (!take(']')) {
      out.elements.push_back(value(depth + 1));
      if (!take(',') && !text_.starts_with(']')) throw std::invalid_argument("a comma or ] in a list");
    }
    return out;
  }

  Literal map(int depth) {
    Literal out{Literal::Kind::map};
    while (!take('}')) {
      std::string key = word();
      if (!take(':')) throw std::invalid_argument("a colon after a map's key");
      if (out.find(key)) throw std::invalid_argument("each key of a map once");
      out.keys.push_back(std::move(key));
      out.elements.push_back(value(depth + 1));
      if (!take(',') && !text_.starts_with('}')) throw std::invalid_argument("a comma or } in a map");
    }
    return out;
  }

  std::string_view text_;
};

std::string quoted(const std::string& text) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '+' || c == '-';
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

const Literal* Literal::find(std::string_view key) const {
  const auto at = std::find(keys.begin(), keys.end(), key);
  return at == keys.end() ? nullptr : &elements[static_cast<std::size_t>(at - keys.begin())];
}

Literal parse_literal(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  const auto within = [&](char open, char close) {
    return text.size() > 1 && text.front() == open && text.back() == close;
  };
  if (!within('[', ']') && !within('{', '}') && !within('"', '"') && !within('\'', '\'')) {
    return {Literal::Kind::text, std::string(text)};
  }
  Parser parser(text);
  Literal out = parser.value(1);
  parser.expect_end();
  return out;
}

std::string to_text(const Literal& literal) {
  if (literal.kind == Literal::Kind::text) return quoted(literal.text);
  const bool is_map = literal.kind == Literal::Kind::map;
  std::string out;
  for (std::size_t k = 0; k < literal.elements.size(); ++k) {
    out += (k > 0 ? ", " : "") + (is_map ? quoted(literal.keys[k]) + ": " : "") + to_text(literal.elements[k]);
  }
  return is_map ? "{" + out + "}" : "[" + out + "]";
}

}  // namespace recvae::data
