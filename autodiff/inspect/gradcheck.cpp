#include "gradcheck.h"

#include <cmath>

#include "../ops/arithmetic.h"
#include "../ops/reduce.h"
#include "../random.h"

namespace ad {
namespace {

Var<double> weighted(Tape<double>& tape, Var<double> out) {
  Tensor<double> r(out.rows(), out.cols());
  fill_uniform(r.view(), 0.5, 1.5, RandomKey{.seed = 7});
  return sum(out * tape.constant(r));
}

double evaluate(const GradcheckFunction& f, const std::vector<Tensor<double>>& inputs, Tape<double>& tape) {
  tape.reset();
  const auto no_grad = tape.no_grad();
  std::vector<Var<double>> vars;
  vars.reserve(inputs.size());
  for (const Tensor<double>& x : inputs) vars.push_back(tape.constant(x));
  return weighted(tape, f(tape, vars)).value()(0, 0);
}

}  // namespace

void GradcheckResult::compare(const std::string& of, Index element, double a, double n, GradcheckOptions options) {
  const double error = std::abs(a - n) / std::max({1.0, std::abs(a), std::abs(n)});
  largest = std::max(largest, std::abs(a));
  if (error <= worst || std::isnan(worst)) return;  // a NaN goes on, the first time
  worst = error;
  if (error <= options.tolerance) return;
  ok = false;
  message = of + ", element " + std::to_string(element) + ": backward " + std::to_string(a) + ", central difference " +
            std::to_string(n);
}

GradcheckResult gradcheck(const GradcheckFunction& f, std::vector<Tensor<double>> inputs, GradcheckOptions options) {
  Tape<double> tape;
  std::vector<Var<double>> vars;
  vars.reserve(inputs.size());
  for (const Tensor<double>& x : inputs) vars.push_back(tape.variable(x));
  const Var<double> loss = weighted(tape, f(tape, vars));
  const bool reached = tape.wants_grad(loss);  // if not, its gradient is 0
  if (reached) tape.backward(loss);

  std::vector<Tensor<double>> analytic;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    analytic.push_back(
        dense(reached ? tape.gradient(vars[k]) : Gradient<double>{}, inputs[k].rows(), inputs[k].cols()));
  }

  GradcheckResult result;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    for (Index i = 0; i < inputs[k].size(); ++i) {
      const double difference =
          detail::central_difference(inputs[k].data()[i], options.step, [&] { return evaluate(f, inputs, tape); });
      result.compare("input " + std::to_string(k), i, analytic[k].data()[i], difference, options);
    }
  }
  return result;
}

}  // namespace ad
