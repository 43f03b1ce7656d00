#include "error.h"

namespace recvae::data {
namespace {

/// Length of the well-formed printable UTF-8 character at the start of `text`, 0 if there is none.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const std::size_t length = lead >= 0xf5 ? 0 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((static_cast<unsigned char>(text[k]) & 0xc0) != 0x80) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool beyond = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  const bool control = lead == 0xc2 && second < 0xa0;
  return overlong || beyond || control ? 0 : length;
}

}  // namespace

std::string excerpt(std::string_view text) {
  constexpr std::size_t longest = 40;
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "'";
  for (std::size_t at = 0; at < text.size();) {
    if (at >= longest) {
      out += "...";
      break;
    }
    const std::size_t length = character_length(text.substr(at));
    if (length > 0) {
      out += text.substr(at, length);
      at += length;
    } else {
      const auto byte = static_cast<unsigned char>(text[at++]);
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out + "'";
}

DataError error_at(std::string_view file, std::int64_t line, std::string_view expected, std::string_view found) {
  std::string message(file);
  message.append(":").append(std::to_string(line)).append(": expected ").append(expected);
  message.append(", found ").append(found);
  return DataError(message);
}

}  // namespace recvae::data
