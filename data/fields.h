#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recvae::data {

/// A finite decimal number, blanks around it allowed; nothing where `text` is not one. Knows no locale.
std::optional<double> parse_number(std::string_view text);

/// A decimal integer in [0, 2^31); nothing where `text` is not one.
std::optional<std::int32_t> parse_index(std::string_view text);

/// Cuts lines into fields. The views are valid until the next call and as long as the line is.
class FieldSplitter {
 public:
  /// With `quotes`, a field may stand in double quotes, in which the separator is text and "" is one quote.
  FieldSplitter(std::string separator, bool quotes) : separator_(std::move(separator)), quotes_(quotes) {}

  /// Throws std::invalid_argument, whose message says what is wrong, for a quote that is not closed on the line.
  const std::vector<std::string_view>& split(std::string_view line);

 private:
  std::string separator_;
  bool quotes_;
  std::vector<std::string_view> fields_;
  std::vector<std::string> unquoted_;  // fields that had doubled quotes
};

}  // namespace recvae::data
