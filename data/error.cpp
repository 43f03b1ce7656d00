#include "error.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <vector>

namespace recvae::data {

std::size_t printable_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const int ones = std::countl_one(lead);
  const std::size_t length = ones == 0 ? 1 : static_cast<std::size_t>(ones);
  if (ones == 1 || ones > 4 || text.size() < length) return 0;
  char32_t code = lead & (0xff >> (ones + 1));
  for (const char c : text.substr(1, length - 1)) {
    if ((c & 0xc0) != 0x80) return 0;
    code = code << 6 | (c & 0x3f);
  }
  constexpr char32_t least[] = {0x20, 0xa0, 0x800, 0x10000};  // printable, and not longer than need be
  const bool no_character = (code >= 0xd800 && code < 0xe000) || code == 0xfffe || code == 0xffff;
  return code >= least[length - 1] && code <= 0x10ffff && code != 0x7f && !no_character ? length : 0;
}

namespace {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string excerpt(std::string_view text, std::size_t longest) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "'";
  std::size_t at = 0;
  while (at < text.size() && at < longest) {
    const std::size_t length = printable_length(text.substr(at));
    if (length > 0) {
      out += text.substr(at, length);
    } else {
      const auto byte = static_cast<unsigned char>(text[at]);
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    at += std::max<std::size_t>(length, 1);
  }
  if (at < text.size()) out += "...";
  return out + "'";
}

DataError error_at(std::string_view file, std::int64_t line, std::string_view expected, std::string_view found) {
  std::string message(file);
  message.append(":").append(std::to_string(line)).append(": expected ").append(expected);
  message.append(", found ").append(found);
  return DataError(message);
}

std::size_t name_distance(const std::string& name, const std::string& other) {
  const bool within = name.size() > 2 && other.find(name) != std::string::npos;  // a part of a name is a short one
  return within ? (other.size() - name.size()) / 4 : edit_distance(name, other);
}

}  // namespace recvae::data
