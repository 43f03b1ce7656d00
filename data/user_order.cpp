#include "user_order.h"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace recvae::data {
namespace {

bool is_integer(std::string_view token) {
  if (token.starts_with('-')) token.remove_prefix(1);
  return !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Sign of a - b for decimal integers of any length.
int compare(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view& token) {
    const bool minus = token.starts_with('-');
    token.remove_prefix(std::min(token.find_first_not_of("-0"), token.size()));
    return minus && !token.empty();
  };
  const bool a_negative = digits(a), b_negative = digits(b);
  if (a_negative != b_negative) return a_negative ? -1 : 1;
  const int magnitude = a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : a.compare(b);
  return a_negative ? -magnitude : magnitude;
}

}  // namespace

std::vector<std::int32_t> sorted_order(const std::vector<std::string>& tokens) {
  std::vector<std::int32_t> order(tokens.size());
  std::iota(order.begin(), order.end(), 0);
  const auto token = [&](std::int32_t k) -> const std::string& { return tokens[static_cast<std::size_t>(k)]; };
  const bool numeric = std::all_of(tokens.begin(), tokens.end(), is_integer);
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    const int by_value = numeric ? compare(token(a), token(b)) : 0;
    return by_value != 0 ? by_value < 0 : token(a) < token(b);
  });
  return order;
}

}  // namespace recvae::data
