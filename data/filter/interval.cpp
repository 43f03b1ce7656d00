#include "interval.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "../literal.h"
#include "../number.h"

namespace recvae::data {
namespace {

constexpr const char* kForm = "intervals such as [4,inf) or (0,1];[3,3]";

std::string_view stripped(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

double bound(std::string_view text) {
  text = stripped(text);
  if (text == "inf" || text == "+inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  const std::optional<double> number = parse_number<double>(text);
  if (!number) throw std::invalid_argument(kForm);
  return *number;
}

}  // namespace

Intervals Intervals::parse(std::string_view text) {
  Intervals out;
  for (bool more = true; more;) {
    const auto end = std::min(text.find(';'), text.size());
    const std::string_view piece = stripped(text.substr(0, end));
    more = end < text.size();
    text.remove_prefix(more ? end + 1 : end);
    const auto comma = piece.find(',');
    if (piece.size() < 2 || comma == std::string_view::npos || (piece.front() != '[' && piece.front() != '(') ||
        (piece.back() != ']' && piece.back() != ')')) {
      throw std::invalid_argument(kForm);
    }
    const Interval interval{bound(piece.substr(1, comma - 1)), bound(piece.substr(comma + 1, piece.size() - comma - 2)),
                            piece.front() == '[', piece.back() == ']'};
    const bool closed = interval.with_low && interval.with_high;
    if (interval.low > interval.high || (interval.low == interval.high && !closed))
      throw std::invalid_argument("an interval from a lower to a higher number");
    out.intervals_.push_back(interval);
  }
  return out;
}

bool Intervals::contains(double x) const {
  return std::any_of(intervals_.begin(), intervals_.end(), [&](const Interval& i) {
    return (x > i.low || (i.with_low && x == i.low)) && (x < i.high || (i.with_high && x == i.high));
  });
}

bool FieldFilter::keeps(std::string_view cell) const {
  if (!of_numbers) return std::find(tokens.begin(), tokens.end(), cell) != tokens.end();
  if (stripped(cell).empty()) return false;
  const std::optional<double> number = parse_number<double>(cell);
  if (!number) throw std::invalid_argument("a number as " + field);
  return intervals.contains(*number);
}

std::vector<FieldFilter> parse_field_filters(const std::string& text) {
  std::vector<FieldFilter> out;
  if (text.empty()) return out;
  const Literal map = parse_literal(text);
  if (map.kind != Literal::Kind::map) throw std::invalid_argument("a map such as {'rating': '[4,inf)'}");
  for (std::size_t k = 0; k < map.keys.size(); ++k) {
    const Literal& value = map.elements[k];
    FieldFilter filter{map.keys[k], value.kind == Literal::Kind::text};
    if (filter.of_numbers) filter.intervals = Intervals::parse(value.text);
    for (const Literal& token : value.elements) {
      if (value.kind == Literal::Kind::map || token.kind != Literal::Kind::text)
        throw std::invalid_argument("for each field an interval such as '[4,inf)', or a list of tokens");
      filter.tokens.push_back(token.text);
    }
    out.push_back(std::move(filter));
  }
  return out;
}

}  // namespace recvae::data
