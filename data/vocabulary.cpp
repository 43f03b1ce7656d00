#include "vocabulary.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "error.h"

namespace recvae::data {
namespace {

std::uint32_t hash_of(std::string_view text) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(text)&0xffffffffu);
}

}  // namespace

Vocabulary::Vocabulary() : slots_(16) {}

Vocabulary::Vocabulary(const std::vector<std::string>& tokens) : slots_(16) {
  tokens_.reserve(tokens.size());
  for (const std::string& token : tokens) {
    if (find(token) < 0)
      add(token);
    else
      append(token);  // counts, and is never found
  }
}

std::size_t Vocabulary::slot_of(std::string_view text, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].index >= 0 &&
         (slots_[at].hash != hash || tokens_[static_cast<std::size_t>(slots_[at].index)] != text)) {
    at = (at + 1) & mask;
  }
  return at;
}

std::int32_t Vocabulary::find(const Token& token) const {
  if (token.number < of_number_.size()) return of_number_[token.number];
  return slots_[slot_of(token.text, hash_of(token.text))].index;
}

std::int32_t Vocabulary::append(std::string_view text) {
  if (tokens_.size() == std::numeric_limits<std::int32_t>::max()) {
    throw DataError("expected fewer than 2^31 different ids");
  }
  tokens_.emplace_back(text);
  return size() - 1;
}

/// Of one that the table of numbers does not have.
std::int32_t Vocabulary::add_other(const Token& token) {
  if (token.number != Token::no_number && token.number >= of_number_.size()) make_room_for(token.number);
  if (token.number < of_number_.size()) {
    std::int32_t& index = of_number_[token.number];
    return index >= 0 ? index : index = append(token.text);
  }
  if (last_ >= 0 && tokens_[static_cast<std::size_t>(last_)] == token.text) return last_;
  const std::uint32_t hash = hash_of(token.text);
  const std::size_t at = slot_of(token.text, hash);
  if (slots_[at].index >= 0) return last_ = slots_[at].index;
  slots_[at] = {hash, append(token.text)};
  if (2 * ++hashed_ > slots_.size()) grow_slots(2 * slots_.size());
  return last_ = size() - 1;
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
    const Token token(tokens_[k]);
    if (token.number < of_number_.size()) {
      if (of_number_[token.number] < 0) of_number_[token.number] = index;
      continue;
    }
    const std::uint32_t hash = hash_of(token.text);
    const std::size_t at = slot_of(token.text, hash);
    if (slots_[at].index >= 0) continue;
    slots_[at] = {hash, index};
    ++hashed_;
  }
}

}  // namespace recvae::data
