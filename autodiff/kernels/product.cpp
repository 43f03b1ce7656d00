#include "product.h"

namespace ad::kernels {

// What product_kernel_level.cpp defines, once for each level.
#define AD_DECLARE_LEVEL(level)                  \
  namespace level {                              \
  void multiply(const Product<float>& product);  \
  void multiply(const Product<double>& product); \
  }
#if defined(AD_X86_LEVELS)
AD_DECLARE_LEVEL(v2)
AD_DECLARE_LEVEL(v3)
AD_DECLARE_LEVEL(v4)
#else
AD_DECLARE_LEVEL(portable)
#endif

template <class T>
void multiply(const Product<T>& product, Level level) {
#if defined(AD_X86_LEVELS)
  switch (level) {
    case Level::v4:
      return v4::multiply(product);
    case Level::v3:
      return v3::multiply(product);
    default:
      return v2::multiply(product);
  }
#else
  static_cast<void>(level);
  portable::multiply(product);
#endif
}

template void multiply(const Product<float>&, Level);
template void multiply(const Product<double>&, Level);

}  // namespace ad::kernels
