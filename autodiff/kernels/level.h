// The levels of the processor for which loops are compiled, and how it counts denormal numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "api.h"

/// Functions that loops for vector units call: they must become part of the loop, compiled for its level.
#define AD_INLINE [[gnu::always_inline]] inline

namespace ad::kernels {

/// What a loop was compiled for: x86-64's micro-architecture levels (of v3 and v4 the features that loops use; see
/// meson.build); portable: anything else.
enum class Level { portable, v2, v3, v4 };
RECVAE_API std::string name(Level level);

/// The levels that were compiled and that this processor can run, the best one last.
RECVAE_API std::span<const Level> levels();
/// The best of them.
RECVAE_API Level level();

/// While one lives, the calling thread counts denormal numbers as zeros, where the processor can: arithmetic on them is
/// slow, and Adam's moments of idle rows decay into them. The loops over float have one, those over double do not.
class FlushDenormals {
 public:
#if defined(__x86_64__)
  static constexpr bool kAvailable = true;
  AD_INLINE FlushDenormals() : before_(__builtin_ia32_stmxcsr()) { set(before_ | 0x8040); }  // to zero; are zeros
#elif defined(__aarch64__)
  static constexpr bool kAvailable = true;
  AD_INLINE FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    set(before_ | Mode{1} << 24);
  }
#else
  static constexpr bool kAvailable = false;
  AD_INLINE FlushDenormals() : before_(0) {}
#endif
  AD_INLINE ~FlushDenormals() { set(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__x86_64__)
  using Mode = unsigned;
#else
  using Mode = std::uint64_t;
#endif
  // Nothing that reads or writes memory may move across.
  AD_INLINE static void set(Mode mode) {
    asm volatile("" ::: "memory");
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(mode);
#elif defined(__aarch64__)
    asm volatile("msr fpcr, %0" ::"r"(mode));
#else
    static_cast<void>(mode);
#endif
    asm volatile("" ::: "memory");
  }
  Mode before_;
};

}  // namespace ad::kernels
