#include "fields.h"

#include <algorithm>
#include <stdexcept>

#include "../error.h"

namespace recvae::data {
namespace {

constexpr std::size_t kMostColumns = 4096;  // a line may have 256 MiB, and a field takes 16 bytes

}  // namespace

const std::vector<std::string_view>& FieldSplitter::split(std::string_view line) {
  fields_.clear();
  unquoted_.clear();
  for (;; line.remove_prefix(separator_.size())) {
    if (quotes_ && line.starts_with('"')) {
      std::string& text = unquoted_.emplace_back();
      std::size_t at = 1;
      for (;; ++at) {
        const auto quote = line.find('"', at);
        if (quote == std::string_view::npos)
          throw std::invalid_argument("fields, quoted or not, found a quote that does not close");
        text += line.substr(at, quote - at);
        at = quote + 1;
        if (at >= line.size() || line[at] != '"') break;
        text += '"';
      }
      line.remove_prefix(at);
      if (!line.empty() && !line.starts_with(separator_))
        throw std::invalid_argument("fields, quoted or not, found text after a closing quote");
      fields_.push_back(text);
    } else {
      const auto end = std::min(separator_.size() == 1 ? line.find(separator_[0]) : line.find(separator_), line.size());
      fields_.push_back(line.substr(0, end));
      line.remove_prefix(end);
    }
    if (line.empty()) return fields_;
    if (fields_.size() == kMostColumns) throw std::invalid_argument("at most 4096 columns, found more");
  }
}

const std::vector<std::string_view>& split_line(const TextSource& text, std::string_view line,
                                                FieldSplitter& splitter) try {
  return splitter.split(line);
} catch (const std::invalid_argument& error) {
  throw DataError(text.name() + ":" + std::to_string(text.line()) + ": expected " + error.what());
}

const std::vector<std::string_view>* next_row(TextSource& text, FieldSplitter& splitter, std::size_t count) {
  std::string_view line;
  do {
    if (!text.next(line)) return nullptr;
  } while (line.empty());
  const auto& fields = split_line(text, line, splitter);
  if (fields.size() == count) return &fields;
  throw error_at(text.name(), text.line(), std::to_string(count) + " columns", std::to_string(fields.size()));
}

}  // namespace recvae::data
