// Which node of a tape stands for a parameter.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ad::detail {

/// From addresses to node numbers: open addressing, so that clearing keeps the memory.
class ParameterMap {
 public:
  const std::uint32_t* find(const void* key) const {
    if (slots_.empty()) return nullptr;
    const Slot& s = slots_[probe(key)];
    return s.key ? &s.id : nullptr;
  }
  /// `key` is not null and not there yet.
  void insert(const void* key, std::uint32_t id) {
    if (2 * (used_.size() + 1) > slots_.size()) rehash();
    place({key, id});
  }
  void clear() {
    for (std::size_t at : used_) slots_[at] = {};
    used_.clear();
  }

 private:
  struct Slot {
    const void* key = nullptr;
    std::uint32_t id = 0;
  };
  std::size_t probe(const void* key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (reinterpret_cast<std::uintptr_t>(key) * 0x9E3779B97F4A7C15ull >> 32) & mask;
    while (slots_[at].key && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }
  void place(const Slot& s) {
    const std::size_t at = probe(s.key);
    slots_[at] = s;
    used_.push_back(at);
  }
  void rehash() {
    std::vector<Slot> before;
    for (std::size_t at : used_) before.push_back(slots_[at]);
    slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), {});
    used_.clear();
    used_.reserve(slots_.size() / 2);
    for (const Slot& s : before) place(s);
  }
  std::vector<Slot> slots_;  // a power of two, at most half full
  std::vector<std::size_t> used_;
};

}  // namespace ad::detail
