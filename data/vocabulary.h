#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recvae::data {

/// Tokens numbered in order of first appearance. A look-up allocates nothing and a token is stored once: small plain
/// numbers are found by their value, others by open addressing over the tokens themselves.
class Vocabulary {
 public:
  Vocabulary();
  explicit Vocabulary(std::vector<std::string> tokens);  ///< of equal tokens the first keeps the name

  std::int32_t add(std::string_view token);         ///< the index of `token`, which is new if need be
  std::int32_t find(std::string_view token) const;  ///< -1: not there
  std::int32_t size() const { return static_cast<std::int32_t>(tokens_.size()); }
  const std::vector<std::string>& tokens() const { return tokens_; }
  std::vector<std::string> take() && { return std::move(tokens_); }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t index = -1;
  };
  std::size_t slot_of(std::string_view token, std::uint32_t hash) const;
  void grow_slots(std::size_t slots);
  void make_room_for(std::size_t number);
  std::int32_t append(std::string_view token);

  std::vector<std::string> tokens_;
  std::vector<std::int32_t> of_number_;  // index of the token that is this number; -1: there is none
  std::vector<Slot> slots_;              // of the other tokens; a power of two, at most half full
  std::size_t hashed_ = 0;
};

}  // namespace recvae::data
