#include "loops.h"

#include "dispatch.h"

namespace ad::kernels {

AD_AT_LEVELS(Loops<float>, float_table)
AD_AT_LEVELS(Loops<double>, double_table)

template <class T>
const Loops<T>& loops(Level level) {
  if constexpr (sizeof(T) == sizeof(float))
    return float_table(level);
  else
    return double_table(level);
}

template const Loops<float>& loops(Level);
template const Loops<double>& loops(Level);

std::span<const Level> levels() {
#if defined(AD_X86_LEVELS)
  // By features, those that meson.build compiles for: not every compiler knows a level's name here.
  static constexpr Level kLevels[] = {Level::v2, Level::v3, Level::v4};
#define HAS __builtin_cpu_supports
  const bool v3 = HAS("avx2") && HAS("fma") && HAS("bmi") && HAS("bmi2");
  const bool v4 = v3 && HAS("avx512f") && HAS("avx512bw") && HAS("avx512cd") && HAS("avx512dq") && HAS("avx512vl");
#undef HAS
  return std::span(kLevels).first(v4 ? 3 : v3 ? 2 : 1);
#else
  static constexpr Level kLevels[] = {Level::portable};
  return kLevels;
#endif
}

Level level() { return levels().back(); }

std::string name(Level level) {
  return level == Level::portable ? "portable" : "x86-64-v" + std::to_string(static_cast<int>(level) + 1);
}

}  // namespace ad::kernels
