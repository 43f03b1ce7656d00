#include "composite_prior_kernel.h"

namespace recvae::detail {

// What composite_prior_kernel_level.cpp defines, once for each level.
#if defined(AD_X86_LEVELS)
namespace v2 {
extern const MixtureLoops loops;
}
namespace v3 {
extern const MixtureLoops loops;
}
namespace v4 {
extern const MixtureLoops loops;
}
const MixtureLoops& mixture_loops(ad::kernels::Level level) {
  switch (level) {
    case ad::kernels::Level::v4:
      return v4::loops;
    case ad::kernels::Level::v3:
      return v3::loops;
    default:
      return v2::loops;
  }
}
#else
namespace portable {
extern const MixtureLoops loops;
}
const MixtureLoops& mixture_loops(ad::kernels::Level) { return portable::loops; }
#endif

}  // namespace recvae::detail
