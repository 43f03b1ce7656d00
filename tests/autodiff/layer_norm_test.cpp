#include "../support/check_op.h"

using test::random_tensor;

TEST_CASE("layer_norm: gradients, errors") {
  for (double eps : {0.1, 1e-5}) {
    const auto op = [=](auto&, auto in) { return ad::layer_norm(in[0], in[1], in[2], eps); };
    const auto x = random_tensor(4, 7, -2, 2, 1), w = random_tensor(1, 7, 0.5, 1.5, 2),
               b = random_tensor(1, 7, -1, 1, 3);
    test::check_op("layer_norm", op, {x, w, b},
                   {{x, random_tensor(1, 6, 0, 1, 4), b},
                    {x, w, random_tensor(7, 1, 0, 1, 4)},
                    {ad::Tensor<double>(2, 0), ad::Tensor<double>(1, 0), ad::Tensor<double>(1, 0)}});
  }
}

TEST_CASE("layer_norm: a constant row becomes the bias; large offsets do not matter") {
  ad::Tape<float> tape;
  ad::Tensor<float> x(2, 3, {5, 5, 5, 1e6f, 1e6f + 1, 1e6f + 2}), w(1, 3, {1, 1, 1}), b(1, 3, {1, 2, 3});
  const auto y = ad::layer_norm(tape.constant(x), tape.constant(w), tape.constant(b), 1e-5).value();
  for (int j = 0; j < 3; ++j) CHECK(y(0, j) == b(0, j));
  CHECK(y(1, 0) == doctest::Approx(1 - std::sqrt(1.5)).epsilon(1e-4));
  CHECK(y(1, 1) == doctest::Approx(2));
}
