// Bump allocation for one step's memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <vector>

#include "kernels/memory.h"

namespace ad {

/// Memory that is handed out piece by piece and taken back all at once. Grows by whole blocks; reset() keeps one block
/// of the largest size ever needed, so a repeated step allocates nothing. Not for several threads at once.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { release(); }

  /// `bytes` of uninitialised memory, valid until reset(), at a multiple of `alignment`, a power of two up to
  /// kAlignment; of 16 at least.
  void* allocate(std::size_t bytes, std::size_t alignment = kAlignment) {
    if (bytes > std::numeric_limits<std::size_t>::max() / 4) throw std::bad_alloc();  // sums below would wrap
    const auto round_up = [](std::size_t n, std::size_t to) { return (n + to - 1) / to * to; };
    const std::size_t need = std::max(kSmall, round_up(bytes, kSmall));
    std::size_t at = round_up(used_, std::max(kSmall, alignment));
    if (blocks_.empty() || at + need > blocks_.back().size) {
      grow(need);
      at = 0;
    }
    std::byte* p = blocks_.back().data + at;
    total_ += at + need - used_;
    used_ = at + need;
    detail::unpoison(p, bytes);
    return p;
  }

  /// Takes back everything. O(1) once the high-water mark is reached.
  void reset() {
    high_water_ = std::max(high_water_, total_ + kAlignment * blocks_.size());  // gaps where a block ends may move
    if (blocks_.size() > 1) {
      release();
      grow(high_water_);
    }
    used_ = total_ = 0;
    if (!blocks_.empty()) detail::poison(blocks_.back().data, blocks_.back().size);
  }

  std::size_t bytes_in_use() const { return total_; }  ///< since the last reset()

 private:
  static constexpr std::size_t kSmall = 16;
  struct Block {
    std::byte* data;
    std::size_t size;
  };

  void grow(std::size_t need) {
    constexpr std::size_t kSmallestBlock = std::size_t{1} << 16;
    const std::size_t size = std::max({need, 2 * total_, kSmallestBlock});
    blocks_.reserve(blocks_.size() + 1);
    blocks_.push_back({static_cast<std::byte*>(detail::allocate(size)), size});
    used_ = 0;
    detail::poison(blocks_.back().data, size);
  }

  void release() {
    for (Block& b : blocks_) {
      detail::unpoison(b.data, b.size);
      detail::deallocate(b.data, b.size);
    }
    blocks_.clear();
    used_ = total_ = 0;
  }

  std::vector<Block> blocks_;
  std::size_t used_ = 0;   // in the last block
  std::size_t total_ = 0;  // in all blocks since the last reset
  std::size_t high_water_ = 0;
};

}  // namespace ad
