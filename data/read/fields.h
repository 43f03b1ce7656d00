#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "text_source.h"

namespace recvae::data {

/// Cuts lines into fields. The views are valid until the next call and as long as the line is.
class FieldSplitter {
 public:
  /// With `quotes`, a field may stand in double quotes, in which the separator is text and "" is one quote.
  FieldSplitter(std::string separator, bool quotes) : separator_(std::move(separator)), quotes_(quotes) {}

  /// Throws std::invalid_argument, "expected, found", for a quote that is not closed on the line and for more than 4096
  /// fields.
  const std::vector<std::string_view>& split(std::string_view line);
  bool had_quotes() const { return !unquoted_.empty(); }  ///< were there fields in quotes in the last line?

 private:
  std::string separator_;
  bool quotes_;
  std::vector<std::string_view> fields_;
  std::deque<std::string> unquoted_;  // fields that stood in quotes
};

/// The fields of the line that `text` gave last. Throws DataError where `splitter` does not take it.
const std::vector<std::string_view>& split_line(const TextSource& text, std::string_view line, FieldSplitter& splitter);

/// The fields of the next line that is not empty; nullptr: no more. Throws DataError where they are not `count`.
const std::vector<std::string_view>* next_row(TextSource& text, FieldSplitter& splitter, std::size_t count);

}  // namespace recvae::data
