#include "vocabulary.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "error.h"

namespace recvae::data {
namespace {

std::uint32_t hash_of(std::string_view token) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(token)&0xffffffffu);
}

constexpr std::size_t kNoNumber = std::numeric_limits<std::size_t>::max();

/// The number that a token is in plain digits, as a number is written; kNoNumber: it is none, or a long one.
std::size_t number_of(std::string_view token) {
  if (token.empty() || token.size() > 8 || (token[0] == '0' && token.size() > 1)) return kNoNumber;
  std::size_t number = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') return kNoNumber;
    number = 10 * number + static_cast<std::size_t>(c - '0');
  }
  return number;
}

}  // namespace

Vocabulary::Vocabulary() : slots_(16) {}

Vocabulary::Vocabulary(std::vector<std::string> tokens) : slots_(16) {
  tokens_.reserve(tokens.size());
  for (std::string& token : tokens) {
    if (find(token) < 0)
      add(token);
    else
      append(token);  // counts, and is never found
  }
}

std::size_t Vocabulary::slot_of(std::string_view token, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].index >= 0 &&
         (slots_[at].hash != hash || tokens_[static_cast<std::size_t>(slots_[at].index)] != token)) {
    at = (at + 1) & mask;
  }
  return at;
}

std::int32_t Vocabulary::find(std::string_view token) const {
  const std::size_t number = number_of(token);
  if (number < of_number_.size()) return of_number_[number];
  return slots_[slot_of(token, hash_of(token))].index;
}

std::int32_t Vocabulary::append(std::string_view token) {
  if (tokens_.size() == std::numeric_limits<std::int32_t>::max()) {
    throw DataError("expected fewer than 2^31 different ids");
  }
  tokens_.emplace_back(token);
  return size() - 1;
}

std::int32_t Vocabulary::add(std::string_view token) {
  const std::size_t number = number_of(token);
  if (number != kNoNumber && number >= of_number_.size()) make_room_for(number);
  if (number < of_number_.size()) {
    std::int32_t& index = of_number_[number];
    if (index < 0) index = append(token);
    return index;
  }
  const std::uint32_t hash = hash_of(token);
  const std::size_t at = slot_of(token, hash);
  if (slots_[at].index >= 0) return slots_[at].index;
  slots_[at] = {hash, append(token)};
  if (2 * ++hashed_ > slots_.size()) grow_slots(2 * slots_.size());
  return size() - 1;
}

/// Numbers are looked up by value as long as the table stays a small multiple of the tokens.
void Vocabulary::make_room_for(std::size_t number) {
  constexpr std::size_t kLeast = 1 << 16, kPerToken = 64;
  if (number >= std::max(kLeast, kPerToken * tokens_.size())) return;
  of_number_.resize(std::max({kLeast, number + 1, 2 * of_number_.size()}), -1);
  grow_slots(slots_.size());
}

/// Puts every token into its place anew.
void Vocabulary::grow_slots(std::size_t slots) {
  slots_.assign(slots, Slot{});
  hashed_ = 0;
  for (std::size_t k = 0; k < tokens_.size(); ++k) {
    const auto index = static_cast<std::int32_t>(k);
    if (const std::size_t number = number_of(tokens_[k]); number < of_number_.size()) {
      if (of_number_[number] < 0) of_number_[number] = index;
      continue;
    }
    const std::uint32_t hash = hash_of(tokens_[k]);
    const std::size_t at = slot_of(tokens_[k], hash);
    if (slots_[at].index >= 0) continue;
    slots_[at] = {hash, index};
    ++hashed_;
  }
}

}  // namespace recvae::data
