// Losses of classifiers and regressions.
#include <limits>

#include "../support/check_op.h"

namespace {

using test::random_tensor;

std::vector<std::int32_t> classes(ad::Index rows, ad::Index cols) {
  std::vector<std::int32_t> labels;
  for (ad::Index i = 0; i < rows; ++i) labels.push_back(static_cast<std::int32_t>(i * 3 % cols));
  return labels;
}

}  // namespace

TEST_CASE("cross_entropy: gradients, at rows enough that a mean's gradient is seen") {
  // Its gradient is 1 / rows: scaled by the number of rows, so that a mistake of 1 % would show.
  const auto op = [](auto&, auto in) {
    const auto like = test::sides(in[0]);
    return ad::cross_entropy(in[0], classes(like.rows(), like.cols())) * static_cast<double>(like.rows());
  };
  test::check_op("cross_entropy", op, {random_tensor(4, 3, -2, 2, 1)});
}

TEST_CASE("cross_entropy is the mean of -log_softmax at the labels") {
  ad::Tape<double> tape;
  const auto x = tape.variable(random_tensor(7, 5, -3, 3, 2));
  const std::vector<std::int32_t> labels = classes(7, 5);
  const ad::ConstMatrix<double> log_p = ad::log_softmax(x).value();
  double expected = 0;
  for (ad::Index i = 0; i < 7; ++i) expected -= log_p(i, labels[static_cast<std::size_t>(i)]) / 7;
  CHECK(ad::cross_entropy(x, labels).item() == doctest::Approx(expected).epsilon(1e-14));
}

TEST_CASE("cross_entropy: large logits, impossible classes, and a class of probability 1") {
  constexpr float inf = std::numeric_limits<float>::infinity();
  ad::Tape<float> tape;
  const auto loss = [&](std::initializer_list<float> row, std::int32_t label) {
    return ad::cross_entropy(tape.constant(ad::Tensor<float>(1, 3, row)), std::vector<std::int32_t>{label}).item();
  };
  CHECK(loss({1e6f, 1e6f - 1, -1e6f}, 0) == doctest::Approx(std::log(1 + std::exp(-1.0))));
  CHECK(loss({-inf, 0, 0}, 1) == doctest::Approx(std::log(2.0)));
  CHECK(loss({-inf, 0, 0}, 0) == inf);
  CHECK(loss({-inf, 3, -inf}, 1) == 0);
  CHECK(std::isnan(loss({std::nanf(""), 0, 0}, 1)));
}

TEST_CASE("cross_entropy: labels that do not fit are refused") {
  ad::Tape<double> tape;
  const auto x = tape.variable(random_tensor(2, 3, -1, 1, 1));
  CHECK_THROWS_WITH_AS(ad::cross_entropy(x, std::vector<std::int32_t>{0, 3}),
                       "cross_entropy: there is no class 3 in [2, 3]", ad::ShapeError);
  CHECK_THROWS_AS(ad::cross_entropy(x, std::vector<std::int32_t>{0, -1}), ad::ShapeError);
  CHECK_THROWS_AS(ad::cross_entropy(x, std::vector<std::int32_t>{0}), ad::ShapeError);
  CHECK_THROWS_AS(ad::cross_entropy(tape.variable(ad::Tensor<double>(0, 3)), {}), ad::ShapeError);
}

TEST_CASE("binary_cross_entropy_with_logits, mse: gradients") {
  const auto times_size = [](auto loss, auto in) { return loss * static_cast<double>(in[0].value().size()); };
  const auto bce = [&](auto&, auto in) { return times_size(ad::binary_cross_entropy_with_logits(in[0], in[1]), in); };
  const auto squares = [&](auto&, auto in) { return times_size(ad::mse(in[0], in[1]), in); };
  const test::Inputs fitting = {random_tensor(3, 4, 0.5, 2, 1), random_tensor(3, 4, 0.1, 0.3, 2)};
  const std::vector<test::Inputs> misfits = {{random_tensor(3, 4, 0, 1, 1), random_tensor(2, 4, 0, 1, 2)},
                                             {random_tensor(4, 1, 0, 1, 1), random_tensor(1, 4, 0, 1, 2)},
                                             {ad::Tensor<double>(0, 3), ad::Tensor<double>(0, 3)}};
  test::check_op("binary_cross_entropy_with_logits", bce, fitting, misfits);
  test::check_op("mse", squares, fitting, misfits);
}

TEST_CASE("binary_cross_entropy_with_logits keeps its digits at large logits") {
  ad::Tape<float> tape;
  const auto loss = [&](double x, double y) {
    return ad::binary_cross_entropy_with_logits(tape.constant(x), tape.constant(y)).item();
  };
  CHECK(loss(30, 1) == doctest::Approx(std::exp(-30.0)));
  CHECK(loss(-30, 0) == doctest::Approx(std::exp(-30.0)));
  CHECK(loss(1000, 0) == 1000);
  CHECK(loss(0, 0.5) == doctest::Approx(std::log(2.0)));
}
