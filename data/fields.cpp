#include "fields.h"

#include <charconv>
#include <cmath>
#include <stdexcept>

namespace recvae::data {

std::optional<double> parse_number(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

std::optional<std::int32_t> parse_index(std::string_view text) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text[0] == '-') return {};
  return value;
}

const std::vector<std::string_view>& FieldSplitter::split(std::string_view line) {
  fields_.clear();
  if (!quotes_ || line.find('"') == std::string_view::npos) {
    for (;;) {
      const auto end = line.find(separator_);
      fields_.push_back(line.substr(0, end));
      if (end == std::string_view::npos) return fields_;
      line.remove_prefix(end + separator_.size());
    }
  }

  unquoted_.clear();
  unquoted_.reserve(line.size() / 2 + 1);  // views into its strings stay valid
  for (;;) {
    if (line.starts_with('"')) {
      std::string text;
      std::size_t at = 1;
      for (;; ++at) {
        const auto quote = line.find('"', at);
        if (quote == std::string_view::npos) throw std::invalid_argument("a quote that does not close");
        text += line.substr(at, quote - at);
        at = quote + 1;
        if (at >= line.size() || line[at] != '"') break;
        text += '"';
      }
      line.remove_prefix(at);
      if (!line.empty() && !line.starts_with(separator_)) throw std::invalid_argument("text after a closing quote");
      fields_.push_back(unquoted_.emplace_back(std::move(text)));
      if (line.empty()) return fields_;
    } else {
      const auto end = line.find(separator_);
      fields_.push_back(line.substr(0, end));
      if (end == std::string_view::npos) return fields_;
      line.remove_prefix(end);
    }
    line.remove_prefix(separator_.size());
  }
}

}  // namespace recvae::data
