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

TEST_CASE("swish_layer_norm: gradients, errors; equals layer_norm of swish") {
  const auto x = random_tensor(4, 19, -2, 2, 1), s = random_tensor(4, 19, -2, 2, 2),
             w = random_tensor(1, 19, 0.5, 1.5, 3), b = random_tensor(1, 19, -1, 1, 4);
  test::check_op("swish_layer_norm", [](auto&, auto in) { return ad::swish_layer_norm(in[0], in[1], in[2], 0.1); },
                 {x, w, b}, {{x, random_tensor(1, 6, 0, 1, 4), b}});
  test::check_op("swish_layer_norm",
                 [](auto&, auto in) { return ad::swish_layer_norm(in[0], in[1], in[2], in[3], 0.1); }, {x, s, w, b},
                 {{x, random_tensor(4, 18, 0, 1, 4), w, b}, {x, random_tensor(3, 19, 0, 1, 4), w, b}});
  test::check_op("swish_layer_norm",
                 [](auto&, auto in) { return ad::swish_layer_norm(in[0], in[0], in[1], in[2], 0.1); }, {x, w, b});
  ad::Tape<double> tape;
  const auto fused = ad::swish_layer_norm(tape.constant(x), tape.constant(s), tape.constant(w), tape.constant(b), 0.1);
  const auto plain =
      ad::layer_norm(ad::swish(ad::add(tape.constant(x), tape.constant(s))), tape.constant(w), tape.constant(b), 0.1);
  for (ad::Index i = 0; i < x.size(); ++i)
    CHECK(fused.value().data[i] == doctest::Approx(plain.value().data[i]).epsilon(1e-12));
}

TEST_CASE("swish_layer_norm: many rows, the sums over them") {
  const auto x = random_tensor(70, 33, -2, 2, 1), w = random_tensor(1, 33, 0.5, 1.5, 3),
             b = random_tensor(1, 33, -1, 1, 4);
  test::check_op("swish_layer_norm", [](auto&, auto in) { return ad::swish_layer_norm(in[0], in[1], in[2], 0.1); },
                 {x, w, b});
}
