// An op of a stranger's own, and its proof: by the test that the library's own ops pass.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "tests/support/check_op.h"

// x / (1 + |x|)
template <class T>
ad::Var<T> softsign(ad::Var<T> x) {
  ad::Tape<T>& tape = ad::tape_of("softsign", {x});
  const ad::ConstMatrix<T> in = x.value();
  const ad::Matrix<T> out = tape.alloc(in.rows, in.cols);
  for (ad::Index i = 0; i < in.size(); ++i) out.data[i] = in.data[i] / (1 + std::abs(in.data[i]));
  return tape.record("softsign", out, {x}, [=](ad::Tape<T>& t, ad::ConstMatrix<T> g) {
    const ad::GradSlot<T> dx = t.grad_slot(x);
    for (ad::Index i = 0; dx && i < g.size(); ++i) {
      const T below = 1 + std::abs(in.data[i]);
      dx.put(i, g.data[i] / (below * below));
    }
  });
}

TEST_CASE("softsign: gradients") {
  test::check_op("softsign", [](auto&, auto in) { return ::softsign(in[0]); }, {test::random_tensor(3, 7, 0.3, 2, 1)});
}
