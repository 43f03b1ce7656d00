#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../autodiff/kernels/api.h"

namespace recvae::data {

/// A text as a vocabulary looks it up. Views the text.
struct Token {
  static constexpr std::uint32_t no_number = 0xffffffffu;  ///< it is none

  Token() = default;
  /// Of a text, which must live as long.
  Token(const std::convertible_to<std::string_view> auto& text_) : text(text_), number(number_of(text)) {}

  std::string_view text;             ///< as it is
  std::uint32_t number = no_number;  ///< that it is in plain digits, as a number is written, at most eight of them

 private:
  static std::uint32_t number_of(std::string_view text) {
    if (text.empty() || text.size() > 8 || (text[0] == '0' && text.size() > 1)) return no_number;
    std::uint32_t number = 0;
    for (const char c : text) {
      const auto digit = static_cast<std::uint32_t>(c) - '0';
      if (digit > 9) return no_number;
      number = 10 * number + digit;
    }
    return number;
  }
};

/// Tokens numbered in order of first appearance. A look-up allocates nothing and a token is stored once: small plain
/// numbers are found by their value, others by open addressing over the tokens themselves.
class RECVAE_API Vocabulary {
 public:
  Vocabulary();
  explicit Vocabulary(const std::vector<std::string>& tokens);  ///< of equal tokens the first keeps the name

  /// The index of `token`, which is new if need be.
  std::int32_t add(const Token& token) {
    const std::int32_t known = token.number < of_number_.size() ? of_number_[token.number] : -1;
    return known >= 0 ? known : add_other(token);
  }
  std::int32_t find(const Token& token) const;                                     ///< -1: not there
  std::int32_t size() const { return static_cast<std::int32_t>(tokens_.size()); }  ///< how many
  const std::vector<std::string>& tokens() const { return tokens_; }               ///< in index order
  std::vector<std::string> take() && { return std::move(tokens_); }                ///< the tokens, moved out

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t index = -1;
  };
  std::int32_t add_other(const Token& token);
  std::size_t slot_of(std::string_view text, std::uint32_t hash) const;
  void grow_slots(std::size_t slots);
  void make_room_for(std::size_t number);
  std::int32_t append(std::string_view text);

  std::vector<std::string> tokens_;
  std::vector<std::int32_t> of_number_;  // index of the token that is this number; -1: there is none
  std::vector<Slot> slots_;              // of the other tokens; a power of two, at most half full
  std::size_t hashed_ = 0;
  std::int32_t last_ = -1;  // the one in a slot that was asked for last: files are often grouped by user
};

}  // namespace recvae::data
