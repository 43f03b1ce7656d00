#include <doctest/doctest.h>

#include <memory>

#include "autodiff/autodiff.h"

using ad::Tape;
using ad::Tensor;

TEST_CASE("a stale value, a foreign value and an empty handle say so") {
  Tape<float> tape, other;
  const auto x = tape.variable(Tensor<float>(1, 1));
  CHECK_THROWS_WITH_AS(other.value(x), "value: the value belongs to another tape", ad::Error);
  CHECK_THROWS_WITH_AS(ad::add(x, other.variable(Tensor<float>(1, 1))), "add: the value belongs to another tape",
                       ad::Error);
  tape.reset();
  CHECK_THROWS_WITH_AS(ad::square(x), "square: stale value, its tape was reset", ad::Error);
  CHECK_THROWS_WITH_AS(x.value(), "value: stale value, its tape was reset", ad::Error);
  CHECK_THROWS_WITH_AS(ad::square(ad::Var<float>()), "square: empty handle", ad::Error);
}

TEST_CASE("backward wants a scalar, once per recording") {
  Tape<float> tape;
  const auto x = tape.variable(Tensor<float>(2, 1));
  CHECK_THROWS_WITH_AS(tape.backward(x), "backward: expected a loss [1, 1], found [2, 1]", ad::ShapeError);
  const auto loss = ad::sum(x);
  tape.backward(loss);
  CHECK(tape.gradient(x).values(1, 0) == 1);
  CHECK_THROWS_AS(tape.backward(loss), ad::Error);
  tape.reset();
  tape.backward(ad::sum(tape.variable(Tensor<float>(2, 1))));
}

TEST_CASE("what the loss does not depend on has no gradient; what is frozen neither") {
  Tape<float> tape;
  ad::Parameter<float> used(Tensor<float>(1, 1, {2})), unused(Tensor<float>(1, 1, {2})),
      frozen(Tensor<float>(1, 1, {3}));
  frozen.trainable = false;
  tape.parameter(unused);
  tape.backward(ad::mul(tape.parameter(used), tape.parameter(frozen)));
  CHECK(tape.gradient(used).values(0, 0) == 3);
  CHECK_FALSE(tape.gradient(unused));
  CHECK_FALSE(tape.gradient(frozen));
  CHECK_FALSE(tape.gradient(ad::Parameter<float>()));
}

TEST_CASE("a parameter is one node however often it is used, also when first met under no_grad") {
  Tape<float> tape;
  ad::Parameter<float> p(Tensor<float>(1, 1, {3}));
  {
    const auto no_grad = tape.no_grad();
    CHECK_FALSE(tape.wants_grad(ad::square(tape.parameter(p))));
  }
  tape.backward(ad::mul(tape.parameter(p), tape.parameter(p)));
  CHECK(tape.gradient(p).values(0, 0) == 6);
}

TEST_CASE("a parameter thawed in the middle of a recording: earlier ops stay without its gradient") {
  Tape<double> tape;
  ad::Parameter<double> z(Tensor<double>(1, 2, {1, 2})), w(Tensor<double>(3, 2, {1, 0, 0, 1, 1, 1})),
      b(Tensor<double>(1, 3));
  const std::int64_t indptr[] = {0, 1};
  const std::int32_t indices[] = {2};
  z.trainable = false;
  const auto before = ad::multinomial_log_likelihood(tape.parameter(z), tape.parameter(w), tape.parameter(b),
                                                     ad::CsrView<double>{1, 3, indptr, indices, nullptr});
  z.trainable = true;
  tape.backward(before + ad::sum(tape.parameter(z)));
  CHECK(tape.gradient(z).values(0, 1) == 1);
  CHECK(tape.gradient(w));
}

TEST_CASE("many parameters: the map of them grows and clears") {
  Tape<float> tape;
  std::vector<ad::Parameter<float>> ps(1000);
  for (auto& p : ps) p.value = Tensor<float>(1, 1, {1});
  for (int round = 0; round < 2; ++round) {
    ad::Var<float> loss = tape.constant(Tensor<float>(1, 1));
    for (auto& p : ps) loss = loss + tape.parameter(p);
    tape.backward(loss);
    for (auto& p : ps) REQUIRE(tape.gradient(p).values(0, 0) == 1);
    tape.reset();
  }
}

TEST_CASE("owned values live until reset") {
  Tape<float> tape;
  auto counted = std::make_shared<int>(0);
  tape.own(counted);
  CHECK(counted.use_count() == 2);
  tape.reset();
  CHECK(counted.use_count() == 1);
  {
    Tape<float> dies;
    dies.own(counted);
  }
  CHECK(counted.use_count() == 1);
}

TEST_CASE("constants are copies, references are not") {
  Tape<float> tape;
  Tensor<float> x(1, 1, {2});
  const auto copy = tape.constant(x), view = tape.reference(x);
  x(0, 0) = 5;
  CHECK(copy.value()(0, 0) == 2);
  CHECK(view.value()(0, 0) == 5);
}

TEST_CASE("no op can be recorded by a backward") {
  Tape<float> tape;
  const auto x = tape.variable(Tensor<float>(1, 1));
  const auto y =
      tape.record("nested", tape.alloc(1, 1), {x}, [x](Tape<float>&, ad::ConstMatrix<float>) { ad::square(x); });
  CHECK_THROWS_AS(tape.backward(y), ad::Error);
  tape.reset();  // and the tape is usable again
  tape.backward(ad::sum(tape.variable(Tensor<float>(1, 1))));
}

TEST_CASE("the arena keeps one block of the largest size after a reset") {
  ad::Arena arena;
  for (int round = 0; round < 3; ++round) {
    char* first = static_cast<char*>(arena.allocate(100000));
    char* second = static_cast<char*>(arena.allocate(100000));
    CHECK(reinterpret_cast<std::uintptr_t>(second) % ad::kAlignment == 0);
    if (round > 0) CHECK(second - first == 100032);  // side by side
    first[99999] = second[99999] = 1;
    arena.reset();
  }
}
