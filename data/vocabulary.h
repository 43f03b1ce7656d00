#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recvae::data {

/// Tokens numbered in order of first appearance. Open addressing over the tokens themselves: a look-up
/// allocates nothing and a token is stored once.
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
  void grow(std::size_t slots);

  std::vector<std::string> tokens_;
  std::vector<Slot> slots_;  // a power of two, at most half full
};

}  // namespace recvae::data
