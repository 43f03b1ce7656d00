#include "autodiff/kernels/packed.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "autodiff/parallel.h"
#include "autodiff/random.h"

using ad::Index;

namespace {

ad::Tensor<float> uniform(Index rows, Index cols, std::uint32_t stream) {
  ad::Tensor<float> t(rows, cols);
  ad::fill_uniform<float>(t, -1, 1, {.seed = 5, .stream = stream});
  return t;
}

/// The product of those rows with outputs [first, first + count).
std::vector<float> product(const ad::PackedMatrix& w, const ad::Tensor<float>& x, const ad::Tensor<float>& bias,
                           Index row, Index rows, Index first, Index count) {
  std::vector<float> out(static_cast<std::size_t>(rows * count), NAN);
  w.multiply(x.data() + row * x.cols(), x.cols(), rows, first, count, bias.data() + first, out.data(), count);
  return out;
}

}  // namespace

TEST_CASE(
    "packed: agrees with a plain product; each element's bits do not depend on rows, outputs or threads beside it") {
  for (const Index outputs : {1, 15, 16, 17, 47, 48, 49, 200, 333}) {
    for (const Index depth : {1, 20, 201}) {
      CAPTURE(outputs);
      CAPTURE(depth);
      const ad::Tensor<float> weight = uniform(outputs, depth, 1), x = uniform(64, depth, 2),
                              bias = uniform(1, outputs, 3);
      ad::set_threads(3);
      const ad::PackedMatrix packed(weight);
      ad::set_threads(1);
      const std::vector<float> all = product(packed, x, bias, 0, 64, 0, outputs);
      CHECK(product(ad::PackedMatrix(weight), x, bias, 0, 64, 0, outputs) == all);
      for (Index i = 0; i < 64; ++i) {
        for (Index j = 0; j < outputs; ++j) {
          double sum = static_cast<double>(bias(0, j));
          for (Index k = 0; k < depth; ++k) sum += static_cast<double>(x(i, k)) * static_cast<double>(weight(j, k));
          REQUIRE(std::abs(all[static_cast<std::size_t>(i * outputs + j)] - sum) < 2e-5);
        }
      }
      for (const Index rows : {1, 2, 3, 4, 5, 7, 8, 13}) {
        for (const Index first : {Index{0}, outputs / 96 * 48}) {
          for (const Index count : {outputs - first, (outputs - first + 1) / 2}) {
            const std::vector<float> some = product(packed, x, bias, 11, rows, first, count);
            for (Index i = 0; i < rows; ++i) {
              for (Index j = 0; j < count; ++j) {
                REQUIRE(some[static_cast<std::size_t>(i * count + j)] ==
                        all[static_cast<std::size_t>((11 + i) * outputs + first + j)]);
              }
            }
          }
        }
      }
    }
  }
  ad::set_threads(0);
}

TEST_CASE("packed: a smaller weight in the memory of a larger one; outputs that are not there are refused") {
  const ad::Tensor<float> large = uniform(130, 30, 1), small = uniform(70, 30, 4), x = uniform(2, 30, 2),
                          bias = uniform(1, 130, 3);
  ad::PackedMatrix packed(large);
  packed.pack(small);
  CHECK(packed.outputs() == 70);
  CHECK(product(packed, x, bias, 0, 2, 0, 70) == product(ad::PackedMatrix(small), x, bias, 0, 2, 0, 70));
  CHECK_THROWS_WITH_AS(product(packed, x, bias, 0, 2, 0, 71), "PackedMatrix: outputs 0 to 71 of [70, 30]",
                       ad::ShapeError);
  CHECK_THROWS_AS(product(packed, x, bias, 0, 2, 32, 10), ad::ShapeError);
}
