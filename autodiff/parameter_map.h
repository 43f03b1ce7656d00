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
  /// The number of `key`, which is not null; null where it has none.
  const std::uint32_t* find(const void* key) const {
    const Slot* s = slots_.empty() ? nullptr : &slots_[probe(key)];
    return s && s->key ? &s->id : nullptr;
  }
  /// `key` is not there yet.
  void insert(const void* key, std::uint32_t id) {
    used_.push_back({key, id});
    if (2 * used_.size() <= slots_.size()) return void(slots_[probe(key)] = used_.back());
    slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), {});
    for (const Slot& s : used_) slots_[probe(s.key)] = s;
  }
  void clear() {
    used_.clear();
    std::fill(slots_.begin(), slots_.end(), Slot{});
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
  std::vector<Slot> slots_, used_;  // slots: a power of two, at most half full
};

}  // namespace ad::detail
