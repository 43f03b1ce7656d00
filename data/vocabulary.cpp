#include "vocabulary.h"

#include <functional>
#include <limits>
#include <utility>

#include "error.h"

namespace recvae::data {
namespace {

std::uint32_t hash_of(std::string_view token) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>{}(token)&0xffffffffu);
}

}  // namespace

Vocabulary::Vocabulary() : slots_(16) {}

Vocabulary::Vocabulary(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {
  std::size_t slots = 16;
  while (slots < 2 * tokens_.size()) slots *= 2;
  grow(slots);
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

std::int32_t Vocabulary::find(std::string_view token) const { return slots_[slot_of(token, hash_of(token))].index; }

std::int32_t Vocabulary::add(std::string_view token) {
  const std::uint32_t hash = hash_of(token);
  std::size_t at = slot_of(token, hash);
  if (slots_[at].index >= 0) return slots_[at].index;
  if (tokens_.size() == std::numeric_limits<std::int32_t>::max()) {
    throw DataError("expected fewer than 2^31 different ids");
  }
  tokens_.emplace_back(token);
  slots_[at] = {hash, size() - 1};
  if (2 * tokens_.size() > slots_.size()) grow(2 * slots_.size());
  return size() - 1;
}

void Vocabulary::grow(std::size_t slots) {
  slots_.assign(slots, Slot{});
  for (std::size_t k = 0; k < tokens_.size(); ++k) {
    const std::uint32_t hash = hash_of(tokens_[k]);
    const std::size_t at = slot_of(tokens_[k], hash);
    if (slots_[at].index < 0) slots_[at] = {hash, static_cast<std::int32_t>(k)};
  }
}

}  // namespace recvae::data
