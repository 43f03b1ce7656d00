// Memory for matrices and tapes.
#pragma once

#include <cstddef>

namespace ad {

/// Every allocation of matrix memory starts on a cache line.
inline constexpr std::size_t kAlignment = 64;

namespace detail {

/// Uninitialised memory at kAlignment, in huge pages where it is large and the system allows it: random rows of a large
/// weight then cost no walk through the page table. From operator new; throws std::bad_alloc.
void* allocate(std::size_t bytes);
/// Gives back what allocate(bytes) returned.
void deallocate(void* p, std::size_t bytes);

}  // namespace detail
}  // namespace ad
