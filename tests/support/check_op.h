// One call checks every contract of an op. See check_op().
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../../autodiff/autodiff.h"

namespace test {

using Inputs = std::vector<ad::Tensor<double>>;

/// Fixed random values in [low, high): away from 0 and kinks where the caller chooses so.
inline ad::Tensor<double> random_tensor(ad::Index rows, ad::Index cols, double low, double high, std::uint64_t seed) {
  ad::Tensor<double> t(rows, cols);
  ad::fill_uniform(t.view(), low, high, ad::RandomKey{.seed = seed});
  return t;
}

template <class T>
ad::Tensor<T> convert(const ad::Tensor<double>& from) {
  ad::Tensor<T> to(from.rows(), from.cols());
  for (ad::Index i = 0; i < from.size(); ++i) to.data()[i] = static_cast<T>(from.data()[i]);
  return to;
}

/// Identity whose backward scales the gradient by 1.01: in front of an input it is a bug in that input's backward.
/// (Also an op defined outside the library, by record() alone.)
inline ad::Var<double> tamper(ad::Var<double> x) {
  const ad::ConstMatrix<double> in = x.value();
  ad::Matrix<double> out = x.tape().alloc(in.rows, in.cols);
  std::copy(in.data, in.data + in.size(), out.data);
  return x.tape().record("tamper", out, {x}, [x](ad::Tape<double>& t, ad::ConstMatrix<double> g) {
    if (const auto dx = t.grad_slot(x)) {
      for (ad::Index i = 0; i < g.size(); ++i) dx.put(i, 1.01 * g.data[i]);
    }
  });
}

using ad::dense;

/// ||a - b|| / ||b||, or ||a - b|| where b is 0.
template <class A, class B>
double distance(const A& a, const B& b) {
  double difference = 0, norm = 0;
  for (ad::Index i = 0; i < b.size(); ++i) {
    const double x = static_cast<double>(a.data()[i]), y = static_cast<double>(b.data()[i]);
    difference += (x - y) * (x - y);
    norm += y * y;
  }
  return std::sqrt(difference) / (norm > 0 ? std::sqrt(norm) : 1);
}

/// Value and gradients of a weighted sum of op(inputs).
template <class T>
struct Evaluation {
  ad::Tensor<T> value;
  std::vector<ad::Tensor<T>> gradients;
  std::vector<bool> present;
};

/// How an input reaches the op, and so whether it has a gradient.
enum class Leaf { variable, parameter, constant };

/// sum over `uses` recordings of sum(op(inputs) * r), r fixed in [0.5, 1.5), differentiated on a tape of T.
template <class T, class Op>
Evaluation<T> evaluate(Op op, const Inputs& inputs, const std::vector<Leaf>& leaves, int uses = 1) {
  ad::Tape<T> tape;
  std::vector<ad::Parameter<T>> parameters;
  std::vector<ad::Var<T>> vars;
  for (const auto& x : inputs) parameters.emplace_back(convert<T>(x));
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    vars.push_back(leaves[k] == Leaf::constant    ? tape.constant(parameters[k].value)
                   : leaves[k] == Leaf::parameter ? tape.parameter(parameters[k])
                                                  : tape.variable(parameters[k].value));
  }
  Evaluation<T> e;
  ad::Var<T> loss;
  for (int use = 0; use < uses; ++use) {
    const ad::Var<T> out = op(tape, std::span<const ad::Var<T>>(vars));
    ad::Tensor<T> r(out.rows(), out.cols());
    ad::fill_uniform(r.view(), 0.5, 1.5, ad::RandomKey{.seed = 7});
    const ad::Var<T> term = ad::sum(out * tape.constant(r));
    if (use == 0) e.value = ad::Tensor<T>(out.value());
    loss = use == 0 ? term : loss + term;
  }
  const bool reached = tape.wants_grad(loss);
  if (reached) {
    tape.backward(loss);
  } else {
    CHECK_THROWS_AS(tape.backward(loss), ad::Error);
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const ad::Gradient<T> g = reached ? tape.gradient(vars[k]) : ad::Gradient<T>{};
    e.present.push_back(static_cast<bool>(g));
    e.gradients.push_back(dense(g, inputs[k].rows(), inputs[k].cols()));
  }
  return e;
}

/// The same inputs large: the first length of a side that occurs becomes 300, the second 257, and so on; 1 stays 1.
/// Values repeat, give or take 1 %.
inline Inputs enlarged(const Inputs& small) {
  std::vector<ad::Index> lengths;
  const ad::Index large[] = {300, 257, 131, 67};
  const auto side = [&](ad::Index n) {
    if (n == 1) return n;
    const auto at = std::find(lengths.begin(), lengths.end(), n);
    const auto k = static_cast<std::size_t>(at - lengths.begin());
    if (at == lengths.end()) lengths.push_back(n);
    return large[k];
  };
  Inputs result;
  for (const auto& x : small) {
    const ad::Index rows = side(x.rows()), cols = side(x.cols());
    ad::Tensor<double> t = random_tensor(rows, cols, 0.99, 1.01, result.size());
    for (ad::Index i = 0; i < rows; ++i) {
      for (ad::Index j = 0; j < cols; ++j) t(i, j) *= x(i % x.rows(), j % x.cols());
    }
    result.push_back(std::move(t));
  }
  return result;
}

/// Its sides, or [2, 2] of a stale or empty one, which then is the op's to refuse: for ops that take arguments of the
/// inputs' sizes.
template <class T>
ad::Tensor<T> sides(ad::Var<T> x) {
  try {
    return {x.rows(), x.cols()};
  } catch (const ad::Error&) {
    return {2, 2};
  }
}

template <class T>
bool same_bits(const ad::Tensor<T>& a, const ad::Tensor<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), sizeof(T) * static_cast<std::size_t>(a.size())) == 0;
}

enum class Tasks { many, few };

/// Stale and empty inputs, and shapes that do not fit: errors that name the op.
template <class Op>
void check_refusals(const std::string& name, Op op, const Inputs& inputs, const std::vector<Inputs>& misfits) {
  ad::Tape<double> tape;
  std::vector<ad::Var<double>> vars;
  for (const auto& x : inputs) vars.push_back(tape.variable(x));
  tape.reset();
  const auto call = [&] { op(tape, std::span<const ad::Var<double>>(vars)); };
  CHECK_THROWS_WITH_AS(call(), (name + ": stale value, its tape was reset").c_str(), ad::Error);
  vars[0] = tape.variable(inputs[0]);
  if (inputs.size() > 1) CHECK_THROWS_WITH_AS(call(), (name + ": stale value, its tape was reset").c_str(), ad::Error);
  vars.assign(inputs.size(), {});
  CHECK_THROWS_WITH_AS(call(), (name + ": empty handle").c_str(), ad::Error);
  for (const Inputs& misfit : misfits) {
    vars.clear();
    for (const auto& x : misfit) vars.push_back(tape.variable(x));
    std::string message;
    try {
      call();
    } catch (const ad::ShapeError& e) {
      message = e.what();
    }
    CHECK_MESSAGE(message.starts_with(name + ":"), "message: " << message);
    CHECK_MESSAGE(message.find('[') != std::string::npos, "message: " << message);
  }
}

/// The same bits with one thread, two and three.
template <class Op>
void check_threads(Op op, const Inputs& inputs) {
  const std::vector<Leaf> all(inputs.size(), Leaf::variable);
  const int threads_before = ad::threads();
  ad::set_threads(1);
  const Evaluation<float> one = evaluate<float>(op, inputs, all);
  for (const int threads : {2, 3}) {
    ad::set_threads(threads);
    const Evaluation<float> more = evaluate<float>(op, inputs, all);
    CHECK(same_bits(one.value, more.value));
    for (std::size_t k = 0; k < inputs.size(); ++k) CHECK(same_bits(one.gradients[k], more.gradients[k]));
  }
  ad::set_threads(threads_before);
}

/// A directional derivative by each input, in double: at sizes of many tasks a gradient may be wrong in one of them.
template <class Op>
void check_direction(Op op, const Inputs& inputs) {
  const std::vector<Leaf> constant(inputs.size(), Leaf::constant);
  const Evaluation<double> at = evaluate<double>(op, inputs, std::vector<Leaf>(inputs.size(), Leaf::variable));
  const auto sum_of_products = [](const ad::Tensor<double>& a, const ad::Tensor<double>& b) {
    double sum = 0;
    for (ad::Index i = 0; i < a.size(); ++i) sum += a.data()[i] * b.data()[i];
    return sum;
  };
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    CAPTURE(k);
    constexpr double h = 1e-5;
    const ad::Tensor<double> d = random_tensor(inputs[k].rows(), inputs[k].cols(), 0.5, 1.5, 11);
    const ad::Tensor<double> r = random_tensor(at.value.rows(), at.value.cols(), 0.5, 1.5, 7);  // as in evaluate()
    double value[2];
    for (const int side : {0, 1}) {
      Inputs moved = inputs;
      for (ad::Index i = 0; i < d.size(); ++i) moved[k].data()[i] += (side == 0 ? -h : h) * d.data()[i];
      value[side] = sum_of_products(evaluate<double>(op, moved, constant).value, r);
    }
    const double expected = (value[1] - value[0]) / (2 * h), found = sum_of_products(at.gradients[k], d);
    double scale = 0;
    for (ad::Index i = 0; i < d.size(); ++i) scale += std::abs(at.gradients[k].data()[i] * d.data()[i]);
    CHECK_MESSAGE(std::abs(found - expected) <= 1e-6 * scale + 1e-9, "expected ", expected, ", found ", found);
  }
}

/// Checks an op: op(tape, inputs) for tapes of double and float, `inputs` at smooth points.
///  - every gradient against central differences, and each input's large enough (0.1) for a mistake of 1 % to show;
///  - such a mistake in any one input's backward is caught by that comparison;
///  - each input frozen in turn: it gets no gradient and the others keep theirs;
///  - used three times in one recording: gradients add up; parameters get what variables get;
///  - under no_grad(): the same value and nothing to differentiate;
///  - float agrees with double to rounding;
///  - stale and empty inputs are errors that name the op;
///  - at sizes that are many tasks (enlarged()) right gradients, and the same bits with one thread, two and three; an
///  op
///    that holds a matrix of one size itself says Tasks::few and has a test of its own;
///  - each of `misfits` (inputs whose shapes do not fit) throws a ShapeError that names the op and a shape.
template <class Op>
void check_op(const std::string& name, Op op, const Inputs& inputs, const std::vector<Inputs>& misfits = {},
              Tasks tasks = Tasks::many) {
  CAPTURE(name);
  const std::vector<Leaf> all(inputs.size(), Leaf::variable);
  const Evaluation<double> plain = evaluate<double>(op, inputs, all);

  const ad::GradcheckResult result = ad::gradcheck(op, inputs);
  CHECK_MESSAGE(result.ok, result.message);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    CAPTURE(k);
    double largest = 0;
    for (ad::Index i = 0; i < plain.gradients[k].size(); ++i) {
      largest = std::max(largest, std::abs(plain.gradients[k].data()[i]));
    }
    CHECK(largest >= 0.1);
    const auto tampered = [&](ad::Tape<double>& tape, std::span<const ad::Var<double>> in) {
      std::vector<ad::Var<double>> vars(in.begin(), in.end());
      vars[k] = tamper(vars[k]);
      return op(tape, std::span<const ad::Var<double>>(vars));
    };
    CHECK_FALSE(ad::gradcheck(tampered, inputs).ok);

    std::vector<Leaf> leaves = all;
    leaves[k] = Leaf::constant;
    const Evaluation<double> frozen = evaluate<double>(op, inputs, leaves);
    CHECK(distance(frozen.value, plain.value) < 1e-14);
    for (std::size_t other = 0; other < inputs.size(); ++other) {
      CHECK(frozen.present[other] == (other != k));
      if (other != k) CHECK(distance(frozen.gradients[other], plain.gradients[other]) < 1e-13);
    }
  }

  const Evaluation<double> thrice = evaluate<double>(op, inputs, all, 3);
  const Evaluation<double> parameters = evaluate<double>(op, inputs, std::vector<Leaf>(inputs.size(), Leaf::parameter));
  const Evaluation<float> single = evaluate<float>(op, inputs, all);
  CHECK(distance(single.value, plain.value) < 1e-5);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    ad::Tensor<double> triple = plain.gradients[k];
    for (ad::Index i = 0; i < triple.size(); ++i) triple.data()[i] *= 3;
    CHECK(distance(thrice.gradients[k], triple) < 1e-13);
    CHECK(distance(parameters.gradients[k], plain.gradients[k]) == 0);
    CHECK(distance(single.gradients[k], plain.gradients[k]) < 1e-5);
  }

  {
    ad::Tape<double> tape;
    std::vector<ad::Var<double>> vars;
    for (const auto& x : inputs) vars.push_back(tape.variable(x));
    const auto no_grad = tape.no_grad();
    const ad::Var<double> out = op(tape, std::span<const ad::Var<double>>(vars));
    CHECK(distance(ad::Tensor<double>(out.value()), plain.value) < 1e-14);
    CHECK_FALSE(tape.wants_grad(out));
  }

  const Inputs large = tasks == Tasks::many ? enlarged(inputs) : inputs;
  check_direction(op, large);
  check_threads(op, large);
  check_refusals(name, op, inputs, misfits);
}

}  // namespace test
