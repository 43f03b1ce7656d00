#include "error.h"

#include <algorithm>
#include <bit>

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

}  // namespace recvae::data
