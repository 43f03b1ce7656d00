#include "memory.h"

#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ad::detail {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::align_val_t alignment(std::size_t bytes) {
  return std::align_val_t(bytes >= 2 * kHugePage ? kHugePage : kAlignment);
}

}  // namespace

void* allocate(std::size_t bytes) {
  void* p = ::operator new(bytes, alignment(bytes));
#if defined(__linux__)
  if (bytes >= 2 * kHugePage) madvise(p, bytes, MADV_HUGEPAGE);  // a hint: refused, all works as well
#endif
  return p;
}

void deallocate(void* p, std::size_t bytes) { ::operator delete(p, alignment(bytes)); }

}  // namespace ad::detail
