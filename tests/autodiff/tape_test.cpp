#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "../support/check_op.h"
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

namespace {

// x * x by an op of two inputs that asks for both places before it writes into either.
template <class T>
ad::Var<T> product_slots_first(ad::Var<T> a, ad::Var<T> b) {
  Tape<T>& tape = ad::tape_of("product", {a, b});
  const ad::ConstMatrix<T> x = a.value(), y = b.value();
  ad::Matrix<T> out = tape.alloc(x.rows, x.cols);
  for (ad::Index i = 0; i < x.size(); ++i) out.data[i] = x.data[i] * y.data[i];
  return tape.record("product", out, {a, b}, [=](Tape<T>& t, ad::ConstMatrix<T> g) {
    const ad::GradSlot<T> da = t.grad_slot(a), db = t.grad_slot(b);
    for (ad::Index i = 0; i < g.size(); ++i) {
      if (da) da.put(i, g.data[i] * y.data[i]);
      if (db) db.put(i, g.data[i] * x.data[i]);
    }
  });
}

// Its backward throws after it has asked for its place.
ad::Var<float> broken(ad::Var<float> x) {
  Tape<float>& tape = x.tape();
  return tape.record("broken", tape.alloc(1, 1), {x}, [x](Tape<float>& t, ad::ConstMatrix<float>) {
    t.grad_slot(x);
    throw std::runtime_error("broken");
  });
}

}  // namespace

TEST_CASE("an op of x and x that asks for both slots before it fills one; set, added, and thrice") {
  for (const bool add_before : {false, true}) {
    Tape<double> tape;
    const auto x = tape.variable(Tensor<double>(1, 2, {3, 5}));
    auto loss = ad::sum(product_slots_first(x, x));
    if (add_before) loss = loss + ad::sum(ad::square(x));  // its backward runs first
    tape.backward(loss);
    CHECK(tape.gradient(x).values(0, 0) == (add_before ? 12 : 6));
    CHECK(tape.gradient(x).values(0, 1) == (add_before ? 20 : 10));
  }
  Tape<double> tape;
  const auto x = tape.variable(Tensor<double>(1, 1, {3}));
  const auto y = tape.record("thrice", tape.alloc(1, 1), {x}, [x](Tape<double>& t, ad::ConstMatrix<double>) {
    const ad::GradSlot<double> slots[] = {t.grad_slot(x), t.grad_slot(x), t.grad_slot(x)};
    for (int k = 2; k >= 0; --k) slots[k].put(0, k + 1);
  });
  tape.backward(y);
  CHECK(tape.gradient(x).values(0, 0) == 6);
}

TEST_CASE("row-sparse gradients given twice add up; rows that do not fit are refused") {
  const auto run = [](std::vector<std::int32_t> first, std::vector<std::int32_t> second, bool dense_last) {
    Tape<double> tape;
    const auto w = tape.variable(Tensor<double>(4, 1));
    const auto* rows = &tape.own(std::vector{first, second});
    const auto y = tape.record("twice", tape.alloc(1, 1), {w}, [=](Tape<double>& t, ad::ConstMatrix<double>) {
      for (const auto& r : *rows) {
        ad::Matrix<double> values = t.alloc(std::ssize(r), 1);
        std::fill_n(values.data, values.rows, 1.0);
        t.set_row_grad(w, r, values);
      }
      if (!dense_last) return;
      const ad::GradSlot<double> slot = t.grad_slot(w);
      for (ad::Index i = 0; i < 4; ++i) slot.put(i, 10);
    });
    tape.backward(y);
    std::vector<double> g;
    for (ad::Index i = 0; i < 4; ++i) g.push_back(tape.gradient(w).values(i, 0));
    return g;
  };
  CHECK(run({0, 2}, {1, 2}, false) == std::vector<double>{1, 1, 2, 0});
  CHECK(run({0, 2}, {1, 2}, true) == std::vector<double>{11, 11, 12, 10});
  CHECK_THROWS_AS(run({0, 4}, {}, false), ad::ShapeError);
  CHECK_THROWS_AS(run({-1}, {}, false), ad::ShapeError);
  CHECK_THROWS_AS(run({2, 1}, {}, false), ad::ShapeError);
}

TEST_CASE("places for gradients are given in a backward alone, and of its inputs") {
  Tape<float> tape;
  const auto x = tape.variable(Tensor<float>(1, 1));
  CHECK_THROWS_WITH_AS(tape.grad_slot(x), "grad_slot: called outside of a backward", ad::Error);
  CHECK_THROWS_AS(tape.takes_row_grad(x), ad::Error);
  CHECK_THROWS_AS(tape.set_row_grad(x, {}, {}), ad::Error);
  tape.backward(ad::sum(x));
  CHECK_THROWS_AS(tape.grad_slot(x), ad::Error);
  tape.reset();
  const auto y = tape.variable(Tensor<float>(1, 1));
  ad::Var<float> self;
  self = tape.record("self", tape.alloc(1, 1), {y},
                     [at = &self](Tape<float>& t, ad::ConstMatrix<float>) { t.grad_slot(*at); });
  CHECK_THROWS_WITH_AS(tape.backward(self), "grad_slot: not an input of self", ad::Error);
}

TEST_CASE("gradients are there after a backward that ended well, at no other time") {
  Tape<float> tape;
  ad::Parameter<float> p(Tensor<float>(1, 1, {2}));
  auto x = tape.parameter(p);
  const char* none = "gradient: this recording has no gradients: call backward() first";
  CHECK_THROWS_WITH_AS(tape.gradient(x), none, ad::Error);
  CHECK_THROWS_WITH_AS(tape.gradient(p), none, ad::Error);
  CHECK_THROWS_AS(tape.backward(broken(x) + ad::square(x)), std::runtime_error);
  const char* failed = ": the backward() of this tape failed; call reset()";
  CHECK_THROWS_WITH_AS(tape.gradient(x), (std::string("gradient") + failed).c_str(), ad::Error);
  CHECK_THROWS_AS(tape.gradient(p), ad::Error);
  CHECK_THROWS_WITH_AS(tape.backward(ad::Var<float>(x)), (std::string("backward") + failed).c_str(), ad::Error);
  CHECK_THROWS_WITH_AS(ad::square(x), (std::string("square") + failed).c_str(), ad::Error);
  CHECK_THROWS_AS(tape.constant(p.value), ad::Error);
  CHECK(x.value()(0, 0) == 2);  // a value is what it was
  tape.reset();
  CHECK_THROWS_WITH_AS(tape.gradient(p), none, ad::Error);
  CHECK_THROWS_WITH_AS(tape.gradient(x), "gradient: stale value, its tape was reset", ad::Error);
  x = tape.parameter(p);
  tape.backward(ad::square(x));
  CHECK(tape.gradient(p).values(0, 0) == 4);
}

TEST_CASE("a second place that was asked for in a backward that failed is forgotten by reset()") {
  Tape<float> tape;
  const auto twice = [&](ad::Var<float> x, bool fails) {
    return tape.record("twice", tape.alloc(1, 1), {x}, [=](Tape<float>& t, ad::ConstMatrix<float>) {
      const auto first = t.grad_slot(x), second = t.grad_slot(x);
      if (fails) throw std::runtime_error("no");
      first.put(0, 1), second.put(0, 2);
    });
  };
  const Tensor<float> one(1, 1);
  CHECK_THROWS_AS(tape.backward(twice(tape.variable(one), true)), std::runtime_error);
  tape.reset();
  const auto x = tape.variable(one), y = twice(x, false);
  tape.backward(y);
  CHECK(tape.gradient(x).values(0, 0) == 3);
}

TEST_CASE("a parameter that is gone is nobody else on the tape") {
  Tape<float> tape;
  const Tensor<float> one(1, 1, {1});
  for (int round = 0; round < 20; ++round) {
    {
      const ad::Parameter<float> gone(one);
      tape.backward(ad::square(tape.parameter(gone)));
    }
    const ad::Parameter<float> fresh(one);  // where it lay, and its identity, too, would lie where the other's did
    CHECK_FALSE(tape.gradient(fresh));
    tape.reset();
  }
}

TEST_CASE("a tape is not reset within a backward, nor read by handles of another tape that lay there") {
  std::optional<Tape<float>> tape(std::in_place);
  const auto x = tape->variable(Tensor<float>(1, 1));
  const auto y =
      tape->record("mine", tape->alloc(1, 1), {x}, [=](Tape<float>& t, ad::ConstMatrix<float>) { t.reset(); });
  CHECK_THROWS_WITH_AS(tape->backward(y), "reset: called in a backward", ad::Error);
  tape->reset();
  const auto late = [&] {
    tape->variable(Tensor<float>(1, 1));
    return tape->variable(Tensor<float>(1, 1));
  }();
  tape.emplace();
  tape->reset();
  CHECK_THROWS_AS(late.value(), ad::Error);
}

TEST_CASE("reading a gradient that is not there, or beyond its ends, throws") {
  Tape<float> tape;
  const auto used = tape.variable(Tensor<float>(2, 1)), unused = tape.variable(Tensor<float>(2, 1));
  tape.backward(ad::sum(used));
  CHECK_FALSE(tape.gradient(unused));
  CHECK(tape.gradient(unused).values.rows == 0);
  CHECK_THROWS_WITH_AS(tape.gradient(unused).values(0, 0),
                       "gradient: there is no element [0, 0] in [0, 0]: not reached, frozen or a constant", ad::Error);
  CHECK_THROWS_AS(tape.gradient(used).values(2, 0), ad::Error);
  CHECK_THROWS_AS(tape.gradient(used).values(0, -1), ad::Error);
}

TEST_CASE("a loss that nothing trainable reaches is refused, and the recording goes on") {
  Tape<float> tape;
  ad::Parameter<float> p(Tensor<float>(1, 1, {2}));
  const auto c = ad::square(tape.constant(p.value));
  const char* message = "backward: the loss depends on nothing trainable, or was recorded under no_grad()";
  CHECK_THROWS_WITH_AS(tape.backward(c), message, ad::Error);
  p.trainable = false;
  CHECK_THROWS_WITH_AS(tape.backward(ad::square(tape.parameter(p))), message, ad::Error);
  p.trainable = true;
  {
    const auto no_grad = tape.no_grad();
    CHECK_THROWS_WITH_AS(tape.backward(ad::square(tape.parameter(p))), message, ad::Error);
  }
  tape.backward(c + ad::square(tape.parameter(p)));
  CHECK(tape.gradient(p).values(0, 0) == 4);
}

TEST_CASE("a parameter counts as it is when it is used: frozen and thawed in the midst of a recording") {
  Tape<double> tape;
  ad::Parameter<double> p(Tensor<double>(1, 1, {3}));
  const auto before = ad::square(tape.parameter(p));
  p.trainable = false;
  const auto between = ad::scale(tape.parameter(p), 100);
  CHECK_FALSE(tape.wants_grad(between));
  p.trainable = true;
  const auto after = ad::scale(tape.parameter(p), 5);
  p.trainable = false;
  tape.backward(before + between + after);
  CHECK(tape.gradient(p).values(0, 0) == 6 + 5);
}

TEST_CASE("a parameter that moves in the midst of a recording stays itself") {
  Tape<double> tape;
  std::vector<ad::Parameter<double>> ps;
  ps.emplace_back(Tensor<double>(1, 1, {3}));
  const auto y = ad::square(tape.parameter(ps[0]));
  ps.emplace_back(Tensor<double>(1, 1, {4}));  // the vector grows
  tape.backward(y + tape.parameter(ps[0]));
  CHECK(tape.gradient(ps[0]).values(0, 0) == 7);
  CHECK_FALSE(tape.gradient(ps[1]));
  ad::Parameter<double> taken = std::move(ps[0]);
  tape.reset();
  CHECK_THROWS_WITH_AS(tape.parameter(ps[0]), "parameter: it was moved elsewhere", ad::Error);
  ps[0] = taken;  // a value again: someone new
  CHECK(ps[0].identity.token() != taken.identity.token());
  CHECK(tape.parameter(ps[0]).value()(0, 0) == 3);
}

TEST_CASE("no_grad nests, in any order of ends") {
  Tape<float> tape;
  ad::Parameter<float> p(Tensor<float>(1, 1, {3}));
  const auto wants = [&] { return tape.wants_grad(tape.parameter(p)); };
  auto outer = std::make_unique<Tape<float>::NoGrad>(tape);
  {
    const auto inner = tape.no_grad();
    CHECK_FALSE(wants());
  }
  CHECK_FALSE(wants());
  auto second = std::make_unique<Tape<float>::NoGrad>(tape);
  outer.reset();
  CHECK_FALSE(wants());
  second.reset();
  CHECK(wants());
}

TEST_CASE_TEMPLATE("sizes that are negative or overflow are refused", T, float, double) {
  constexpr ad::Index most = std::numeric_limits<ad::Index>::max();
  const std::pair<ad::Index, ad::Index> bad[] = {
      {-1, 1}, {1, -1}, {-1, -1}, {-1, 0}, {most, 2}, {most / 4, 3}, {ad::Index{1} << 32, ad::Index{1} << 32}};
  Tape<T> tape;
  for (const auto& size : bad) {
    const ad::Index rows = size.first, cols = size.second;
    CAPTURE(rows);
    CAPTURE(cols);
    CHECK_THROWS_AS(tape.alloc(rows, cols), ad::ShapeError);
    CHECK_THROWS_AS(Tensor<T>(rows, cols), ad::ShapeError);
    CHECK_THROWS_AS(tape.reference(ad::ConstMatrix<T>{nullptr, rows, cols}), ad::ShapeError);
    CHECK_THROWS_AS(tape.constant(ad::ConstMatrix<T>{nullptr, rows, cols}), ad::ShapeError);
  }
  CHECK_THROWS_WITH_AS(tape.alloc(-1, 1), "alloc: [-1, 1]: expected sides from 0 on and a size that memory can have",
                       ad::ShapeError);
  CHECK_THROWS_AS(tape.template alloc_array<T>(-1), ad::ShapeError);
  CHECK_THROWS_AS(Tensor<T>(2, 2, {1, 2, 3}), ad::ShapeError);
  ad::Arena arena;
  CHECK_THROWS_AS(arena.allocate(std::numeric_limits<std::size_t>::max()), std::bad_alloc);
}

TEST_CASE("reset makes the tape as new also when a destructor of what it owns throws or uses the step") {
  struct Watch {
    std::function<void()> at_end;
    Watch(std::function<void()> f) : at_end(std::move(f)) {}
    Watch(Watch&& other) noexcept(false) : at_end(std::exchange(other.at_end, nullptr)) {}
    ~Watch() noexcept(false) {
      if (at_end) at_end();
    }
  };
  Tape<float> tape;
  const auto x = tape.variable(Tensor<float>(1, 1));
  std::string said;
  tape.own(Watch([&] {
    try {
      x.value();
    } catch (const ad::Error& e) {
      said = e.what();
    }
  }));
  tape.own(Watch([] { throw std::runtime_error("no"); }));
  CHECK_THROWS_AS(tape.reset(), std::runtime_error);
  CHECK_THROWS_AS(tape.constant(Tensor<float>(1, 1)), ad::Error);
  tape.reset();
  CHECK(said == "value: stale value, its tape was reset");
  const auto y = tape.variable(Tensor<float>(1, 1));
  tape.backward(ad::sum(y));
  CHECK(tape.gradient(y).values(0, 0) == 1);
}

TEST_CASE("a tensor moved onto itself stays; one moved from is empty") {
  Tensor<float> t(1, 2, {1, 2});
  Tensor<float>& same = t;
  t = std::move(same);
  CHECK(t(0, 1) == 2);
  const Tensor<float> taken = std::move(t);
  CHECK(t.size() == 0);
  CHECK(taken.size() == 2);
}

namespace {

// Two outputs, x + y and x * y, of one recording.
std::array<ad::Var<double>, 2> sum_and_product(ad::Var<double> a, ad::Var<double> b) {
  Tape<double>& tape = ad::tape_of("sum_and_product", {a, b});
  const ad::ConstMatrix<double> x = a.value(), y = b.value();
  const std::array outs{tape.alloc(x.rows, x.cols), tape.alloc(x.rows, x.cols)};
  for (ad::Index i = 0; i < x.size(); ++i) {
    outs[0].data[i] = x.data[i] + y.data[i];
    outs[1].data[i] = x.data[i] * y.data[i];
  }
  return tape.record_all("sum_and_product", outs, std::array{a, b}, [=](Tape<double>& t, const auto& g) {
    const auto put = [&](ad::GradSlot<double> slot, ad::ConstMatrix<double> other) {
      for (ad::Index i = 0; slot && i < other.size(); ++i) {
        slot.put(i, (g[0].data ? g[0].data[i] : 0) + (g[1].data ? g[1].data[i] * other.data[i] : 0));
      }
    };
    put(t.grad_slot(a), y);
    put(t.grad_slot(b), x);
  });
}

}  // namespace

TEST_CASE("an op of several outputs: gradients of both, of one alone, and of a loss that is one of them") {
  const test::Inputs inputs = {test::random_tensor(2, 3, 0.5, 2, 1), test::random_tensor(2, 3, 0.5, 2, 2)};
  for (const int used : {0, 1, 2}) {
    CAPTURE(used);
    const auto f = [&](Tape<double>&, std::span<const ad::Var<double>> in) {
      const auto out = sum_and_product(ad::square(in[0]), in[1]);
      return used == 2 ? ad::exp(out[1]) + out[0] * out[1] : ad::square(out[static_cast<std::size_t>(used)]);
    };
    const ad::GradcheckResult result = ad::gradcheck(f, inputs);
    CHECK_MESSAGE(result.ok, result.message);
  }
  for (const std::size_t k : {0, 1}) {
    Tape<double> tape;
    const auto x = tape.variable(ad::Tensor<double>(1, 1, {3})), y = tape.variable(ad::Tensor<double>(1, 1, {5}));
    const auto out = sum_and_product(x, y);
    tape.backward(out[k]);
    CHECK(tape.gradient(x).values(0, 0) == (k == 0 ? 1 : 5));
    CHECK(tape.gradient(y).values(0, 0) == (k == 0 ? 1 : 3));
  }
}

TEST_CASE("backward with a seed gives the product of a vector and the Jacobian") {
  Tape<double> tape;
  const auto x = tape.variable(ad::Tensor<double>(1, 2, {2, 3}));
  const auto y = ad::square(x);
  ad::Tensor<double> seed(1, 2, {10, 100});
  CHECK_THROWS_WITH_AS(tape.backward(y, ad::Tensor<double>(2, 1)), "backward: a seed [2, 1] for a value [1, 2]",
                       ad::ShapeError);
  tape.backward(y, seed);
  seed.fill(0);  // it is copied
  CHECK(tape.gradient(x).values(0, 0) == 40);
  CHECK(tape.gradient(x).values(0, 1) == 600);
  CHECK(tape.gradient(y).values(0, 1) == 100);
  CHECK_THROWS_AS(tape.backward(y, seed), ad::Error);
  tape.reset();
  const auto leaf = tape.variable(seed);
  tape.backward(leaf, seed);  // a leaf itself
  CHECK(tape.gradient(leaf).values.cols == 2);
}

namespace {

// How a backward gives one of its two inputs a gradient of ones: set at once, later, or as rows.
enum class Way { slot, late_slot, rows };

ad::Var<double> two_ways(ad::Var<double> a, ad::Var<double> b, Way first, Way second) {
  Tape<double>& tape = ad::tape_of("two_ways", {a, b});
  return tape.record("two_ways", tape.alloc(1, 1), {a, b}, [=](Tape<double>& t, ad::ConstMatrix<double>) {
    ad::GradSlot<double> late[2];
    int asked = 0;
    const auto give = [&](ad::Var<double> to, Way way, double value) {
      if (way == Way::rows) {
        const ad::Matrix<double> values = t.alloc(2, to.cols());
        std::fill_n(values.data, values.size(), value);
        const std::array<std::int32_t, 2> rows = {0, 2};
        t.set_row_grad(to, t.copy(std::span<const std::int32_t>(rows)), values);
        return;
      }
      const ad::GradSlot<double> slot = t.grad_slot(to);
      late[asked++] = slot;
      if (way == Way::slot) {
        for (ad::Index i = 0; i < slot.grad.size(); ++i) slot.put(i, value);
      }
    };
    give(a, first, 1);
    give(b, second, 10);
    int at = 0;
    for (const auto& [way, value] : {std::pair{first, 1.0}, std::pair{second, 10.0}}) {
      if (way == Way::rows) continue;
      const ad::GradSlot<double> slot = late[at++];
      for (ad::Index i = 0; way == Way::late_slot && i < slot.grad.size(); ++i) slot.put(i, value);
    }
  });
}

}  // namespace

TEST_CASE("f(x, x): places asked for in any order, of every kind, add up") {
  for (const bool leaf : {true, false}) {
    for (const Way first : {Way::slot, Way::late_slot, Way::rows}) {
      for (const Way second : {Way::slot, Way::late_slot, Way::rows}) {
        CAPTURE(leaf);
        CAPTURE(static_cast<int>(first));
        CAPTURE(static_cast<int>(second));
        Tape<double> tape;
        const auto x = tape.variable(ad::Tensor<double>(3, 2));
        const auto v = leaf ? x : x + 0;
        tape.backward(two_ways(v, v, first, second));
        const ad::Tensor<double> g = test::dense(tape.gradient(x), 3, 2);
        for (ad::Index i = 0; i < 3; ++i) {
          CHECK(g(i, 1) == (first == Way::rows && i == 1 ? 0 : 1) + (second == Way::rows && i == 1 ? 0 : 10));
        }
      }
    }
  }
}

TEST_CASE("a scalar node takes at most 128 bytes of the arena, gradient included") {
  Tape<double> tape;
  ad::Var<double> x = tape.variable(ad::Tensor<double>(1, 1, {1}));
  const std::size_t before = tape.bytes_in_use();
  for (int i = 0; i < 1000; ++i) x = i % 3 == 0 ? x * x : i % 3 == 1 ? x + 1 : ad::tanh(x);
  tape.backward(x);
  CHECK(static_cast<double>(tape.bytes_in_use() - before) / 1000 <= 128);
  CHECK(tape.gradient(x).values(0, 0) == 1);
}
