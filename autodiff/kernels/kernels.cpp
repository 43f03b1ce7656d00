#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ad::kernels {

// What kernels_level.cpp defines, once for each level.
#define AD_DECLARE_LEVEL(level)               \
  namespace level {                           \
  extern const Loops<float> float_table;      \
  extern const Loops<double> double_table;    \
  }                                           \
  template <class T>                          \
  static const Loops<T>& level##_table() {    \
    if constexpr (sizeof(T) == sizeof(float)) \
      return level::float_table;              \
    else                                      \
      return level::double_table;             \
  }

#if defined(AD_X86_LEVELS)

AD_DECLARE_LEVEL(v2)
AD_DECLARE_LEVEL(v3)
AD_DECLARE_LEVEL(v4)

std::span<const Level> levels() {
  static constexpr Level kLevels[] = {Level::v2, Level::v3, Level::v4};
  const std::size_t known = __builtin_cpu_supports("x86-64-v4") ? 3 : __builtin_cpu_supports("x86-64-v3") ? 2 : 1;
  return std::span(kLevels).first(known);
}

template <class T>
const Loops<T>& loops(Level level) {
  return level == Level::v4 ? v4_table<T>() : level == Level::v3 ? v3_table<T>() : v2_table<T>();
}

#else

AD_DECLARE_LEVEL(portable)

std::span<const Level> levels() {
  static constexpr Level kLevels[] = {Level::portable};
  return kLevels;
}

template <class T>
const Loops<T>& loops(Level) {
  return portable_table<T>();
}

#endif

Level level() { return levels().back(); }

template <class T>
const Loops<T>& loops() {
  return loops<T>(level());
}

const char* name(Level level) {
  switch (level) {
    case Level::v2:
      return "x86-64-v2";
    case Level::v3:
      return "x86-64-v3";
    case Level::v4:
      return "x86-64-v4";
    case Level::portable:
      break;
  }
  return "portable";
}

template const Loops<float>& loops(Level);
template const Loops<double>& loops(Level);
template const Loops<float>& loops();
template const Loops<double>& loops();

#if defined(__x86_64__)

FlushDenormals::FlushDenormals() : before_(_mm_getcsr()) {
  constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
  _mm_setcsr(static_cast<unsigned>(before_) | kFlushToZero | kDenormalsAreZero);
}
FlushDenormals::~FlushDenormals() { _mm_setcsr(static_cast<unsigned>(before_)); }

#elif defined(__aarch64__)

FlushDenormals::FlushDenormals() {
  asm volatile("mrs %0, fpcr" : "=r"(before_));
  const std::uint64_t flushing = before_ | std::uint64_t{1} << 24;
  asm volatile("msr fpcr, %0" ::"r"(flushing));
}
FlushDenormals::~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

#else

FlushDenormals::FlushDenormals() : before_(0) {}
FlushDenormals::~FlushDenormals() {}

#endif

}  // namespace ad::kernels
