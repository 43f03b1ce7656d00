// The choice among the levels of the processor, for all that is compiled for each of them. Private: for the .cpp files
// that are compiled with meson.build's kernel_args.
#pragma once

#include "level.h"

/// Defines `const Table& name(ad::kernels::Level)`: the object `name` that a *_level.cpp defines in the namespace
/// AD_LEVEL, inside the one where this stands.
#if defined(AD_X86_LEVELS)
#define AD_AT_LEVELS(Table, name)                                                                              \
  namespace v2 {                                                                                               \
  extern const Table name;                                                                                     \
  }                                                                                                            \
  namespace v3 {                                                                                               \
  extern const Table name;                                                                                     \
  }                                                                                                            \
  namespace v4 {                                                                                               \
  extern const Table name;                                                                                     \
  }                                                                                                            \
  const Table& name(ad::kernels::Level level) {                                                                \
    return level == ad::kernels::Level::v4 ? v4::name : level == ad::kernels::Level::v3 ? v3::name : v2::name; \
  }
#else
#define AD_AT_LEVELS(Table, name) \
  namespace portable {            \
  extern const Table name;        \
  }                               \
  const Table& name(ad::kernels::Level) { return portable::name; }
#endif
