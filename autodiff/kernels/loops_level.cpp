// All loops, compiled once for each level of the processor (meson.build passes AD_LEVEL and the compiler's options).
// Nothing here may be seen under one name by two levels: all is internal but the two tables, and what is called from
// other headers is always inlined (tests/rules/check_globals.py looks).
#include "adam_level.h"
#include "elementwise_level.h"
#include "norm_level.h"
#include "product_level.h"
#include "random_level.h"
#include "rows_level.h"
#include "softmax_level.h"

namespace ad::kernels {
namespace {

template <class T>
constexpr Loops<T> table() {
  return {elementwise<T>(), softmax<T>(), rows<T>(), layer_norm<T>(), optimiser<T>(), random<T>(), product<T>()};
}

}  // namespace

namespace AD_LEVEL {
extern const Loops<float> float_table;
extern const Loops<double> double_table;
constexpr Loops<float> float_table = table<float>();
constexpr Loops<double> double_table = table<double>();
}  // namespace AD_LEVEL

}  // namespace ad::kernels
