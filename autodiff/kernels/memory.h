// Memory for matrices and tapes.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include "api.h"

namespace ad {

/// Every allocation of matrix memory starts on a cache line.
inline constexpr std::size_t kAlignment = 64;

namespace detail {

/// Uninitialised memory at kAlignment, in huge pages where it is large and the system allows it: random rows of a large
/// weight then cost no walk through the page table. From operator new; throws std::bad_alloc.
RECVAE_API void* allocate(std::size_t bytes);
/// Gives back what allocate(bytes) returned.
RECVAE_API void deallocate(void* p, std::size_t bytes);

/// Under ASAN: until unpoison(), whoever touches these bytes is told of.
inline void poison([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_POISON_MEMORY_REGION(p, bytes);
#endif
}
inline void unpoison([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(p, bytes);
#endif
}

}  // namespace detail
}  // namespace ad
