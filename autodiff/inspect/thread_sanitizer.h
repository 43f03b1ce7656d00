// What ThreadSanitizer is told, where it is linked. It does not see into TBB, nor does it look at parallel.cpp, which is
// compiled without it: so it has to hear what they order.
#pragma once

extern "C" [[gnu::weak]] void __tsan_acquire(void* order);  // NOLINT(bugprone-reserved-identifier)
extern "C" [[gnu::weak]] void __tsan_release(void* order);  // NOLINT(bugprone-reserved-identifier)

namespace ad::detail {

/// What this thread has done comes before what others do after acquire(order).
inline void release(void* order) {
  if (__tsan_release) __tsan_release(order);
}
inline void acquire(void* order) {
  if (__tsan_acquire) __tsan_acquire(order);
}  ///< See release().

/// Releases, or acquires, at the end of a scope, also where one is left by an exception.
struct AtEnd {
  void (*say)(void* order);
  void* order;
  ~AtEnd() { say(order); }
};

}  // namespace ad::detail
