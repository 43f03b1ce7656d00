// bench_field's programs of scalars in libraries of scalars: c++ -O3 -std=c++17 -DWITH_CPPAD field_scalar.cpp, or
// -DWITH_STAN. Not part of the build: field.py compiles it where it is told where their headers are.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#ifdef WITH_CPPAD
#include <cppad/cppad.hpp>
using Number = CppAD::AD<double>;
constexpr const char* kEngine = "CppAD " CPPAD_PACKAGE_STRING;
#else
#include <stan/math/rev/core.hpp>
#include <stan/math/version.hpp>
using Number = stan::math::var;
constexpr const char* kEngine = "Stan Math";
#endif

using Numbers = std::vector<Number>;

constexpr int kOdeSteps = 200;
constexpr double kOdeStep = 0.05, kOdeRate = 1e-7;

double uniform(std::uint32_t i, std::uint32_t seed) {
  std::uint32_t h = i + seed * 0x9E3779B9u;
  h = (h ^ h >> 16) * 0x7feb352du;
  h = (h ^ h >> 15) * 0x846ca68bu;
  return (h ^ h >> 16) / 4294967296.0;
}
double observed(int i, int j) { return 0.5 + 1.5 * uniform(static_cast<std::uint32_t>(2 * i + j), 6); }

// user: ode
struct Animals {
  Number x, y;
};
Number animals(const Numbers& p) {
  const auto slope = [&](const Animals& z) {
    const Number both = z.x * z.y;
    return Animals{p[0] * z.x - p[1] * both, p[3] * both - p[2] * z.y};
  };
  const auto moved = [](const Animals& z, double h, const Animals& k) { return Animals{z.x + h * k.x, z.y + h * k.y}; };
  Animals z{1.0, 1.0};
  Number loss = 0;
  for (int i = 0; i < kOdeSteps; ++i) {
    const Animals k1 = slope(z), k2 = slope(moved(z, kOdeStep / 2, k1)), k3 = slope(moved(z, kOdeStep / 2, k2));
    const Animals k4 = slope(moved(z, kOdeStep, k3));
    z = moved(z, kOdeStep / 6, {k1.x + 2 * (k2.x + k3.x) + k4.x, k1.y + 2 * (k2.y + k3.y) + k4.y});
    const Number x = z.x - observed(i, 0), y = z.y - observed(i, 1);
    loss += x * x + y * y;
  }
  return loss;
}
// end

// user: tape
Number thirty(const Numbers& p) {
  Number x = p[0];
  for (int op = 0; op < 10; ++op) x = x * x + x * 0.5;
  return x;
}
// end

/// The value of f at p, and its gradient; recorded anew each time.
template <class F>
double differentiate(F f, const std::vector<double>& at, std::vector<double>& gradient) {
#ifdef WITH_CPPAD
  // user: CppAD
  Numbers p(at.begin(), at.end());
  CppAD::Independent(p);
  const Numbers out{f(p)};
  CppAD::ADFun<double> recorded(p, out);
  gradient = recorded.Reverse(1, std::vector<double>{1});
  return CppAD::Value(out[0]);
  // end
#else
  // user: Stan Math
  const Numbers p(at.begin(), at.end());
  Number out = f(p);
  out.grad();
  const double value = out.val();
  for (std::size_t i = 0; i < p.size(); ++i) gradient[i] = p[i].adj();
  stan::math::recover_memory();
  return value;
  // end
#endif
}

template <class F>
double median_seconds(int steps, F step) {
  std::vector<double> seconds;
  for (int k = 0; k < steps; ++k) {
    const auto begin = std::chrono::steady_clock::now();
    step();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

void ode_round(int steps, bool once) {
  std::vector<double> p{1.2, 0.5, 0.9, 0.4}, g(4);
  double loss = 0;
#ifdef WITH_CPPAD
  Numbers in(p.begin(), p.end());
  CppAD::Independent(in);
  const Numbers out{animals(in)};
  CppAD::ADFun<double> recorded(in, out);
  if (once) recorded.optimize();
#endif
  const double seconds = median_seconds(steps, [&] {
    if (!once) loss = differentiate(animals, p, g);
#ifdef WITH_CPPAD
    if (once) {
      loss = recorded.Forward(0, p)[0];
      g = recorded.Reverse(1, std::vector<double>{1});
    }
#endif
    for (std::size_t i = 0; i < p.size(); ++i) p[i] -= kOdeRate * g[i];
  });
  std::printf("{\"seconds\": %.9g, \"loss\": %.12g}\n", seconds, loss);
}

void tape_round(int steps) {
  std::vector<double> g(1);
  constexpr int kMany = 1000;
  const double seconds = median_seconds(steps, [&] {
    for (int k = 0; k < kMany; ++k) differentiate(thirty, {0.4}, g);
  });
  std::printf("{\"seconds\": %.9g, \"loss\": %.12g}\n", seconds / kMany, g[0]);
}

/// field_scalar ode|tape THREADS [once]: once: the recording is kept (CppAD).
int main(int argc, char** argv) {
  const std::string program = argv[1];
  std::printf("{\"engine\": \"%s\"}\n", kEngine);
  std::fflush(stdout);
  for (int steps; std::cin >> steps;) {
    if (program == "ode")
      ode_round(steps, argc > 3);
    else
      tape_round(steps);
    std::fflush(stdout);
  }
}
