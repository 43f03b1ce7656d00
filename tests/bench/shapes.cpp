#include "shapes.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "autodiff/parallel.h"
#include "autodiff/random.h"

namespace recvae::bench {
namespace {

constexpr std::uint64_t kSeed = 20;
constexpr std::uint32_t kLengths = 1, kItems = 2;

/// Lengths of rows, ascending, evenly spread over their distribution.
std::vector<std::int32_t> typical_lengths(std::int32_t items, double per_user) {
  constexpr std::size_t n = 4096;
  const double longest = std::max(5, items / 4);
  ad::Tensor<double> draws(1, n);
  ad::fill_normal(draws.view(), 1.05, {.seed = kSeed, .stream = kLengths});
  std::vector<double> shape(n);
  std::transform(draws.data(), draws.data() + n, shape.begin(), [](double x) { return std::exp(x); });
  std::sort(shape.begin(), shape.end());
  std::vector<std::int32_t> lengths(n);
  double low = 0, high = longest;  // of the scale that gives the mean
  for (int halving = 0; halving < 60; ++halving) {
    const double scale = (low + high) / 2;
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      lengths[i] = static_cast<std::int32_t>(std::clamp(std::round(scale * shape[i]), 5.0, longest));
      sum += lengths[i];
    }
    (sum / n < per_user ? low : high) = scale;
  }
  return lengths;
}

}  // namespace

const std::vector<Shape>& known_shapes() {
  static const std::vector<Shape> shapes = {{"ml20m", 20108, 73.2, 116677},
                                            {"netflix", 17769, 123, 383435},
                                            {"msd", 41140, 59, 471355},
                                            {"ml1m", 3533, 95, 5800},
                                            {"articles20k", 19920, 45.9, 145141}};
  return shapes;
}

const Shape& find_shape(const std::string& name) {
  std::string names;
  for (const Shape& shape : known_shapes()) {
    if (shape.name == name) return shape;
    names += (names.empty() ? "" : ", ") + shape.name;
  }
  throw std::invalid_argument("--shape: expected one of " + names + ", found " + name);
}

data::Csr make_rows(std::int32_t items, double per_user, std::int64_t users, std::int64_t first_user) {
  if (items < 20) throw std::invalid_argument("--items: expected 20 or more, found " + std::to_string(items));
  const std::vector<std::int32_t> lengths = typical_lengths(items, per_user);
  std::vector<double> weight_up_to(static_cast<std::size_t>(items));
  double sum = 0;
  for (std::size_t i = 0; i < weight_up_to.size(); ++i) {
    weight_up_to[i] = sum += std::pow(static_cast<double>(i) + 20, -0.95);
  }

  data::Csr rows;
  rows.cols = items;
  for (std::int64_t u = first_user; u < first_user + users; ++u) {
    // Steps of the golden ratio: any number of users meets short and long rows in their proportion.
    const double at = std::fmod(static_cast<double>(u) * 0.6180339887498949, 1.0);
    rows.indptr.push_back(rows.indptr.back() +
                          lengths[static_cast<std::size_t>(at * static_cast<double>(lengths.size()))]);
  }
  std::vector<std::int32_t>& drawn = rows.items.own();
  drawn.resize(data::as_size(rows.nnz()));
  ad::parallel_chunks(users, 256, [&](ad::Index begin, ad::Index end) {
    std::vector<std::int64_t> taken_by(static_cast<std::size_t>(items), -1);
    for (std::int64_t row = begin; row < end; ++row) {
      const ad::RandomKey key{.seed = kSeed, .stream = kItems, .step = static_cast<std::uint64_t>(first_user + row)};
      std::int32_t* const out = drawn.data() + rows.indptr[data::as_size(row)];
      const std::int64_t length = rows.indptr[data::as_size(row) + 1] - rows.indptr[data::as_size(row)];
      std::int64_t found = 0;
      for (std::uint64_t draw = 0; found < length; ++draw) {
        const double target = ad::uniform(key, draw) * sum;
        const auto item = static_cast<std::size_t>(
            std::upper_bound(weight_up_to.begin(), weight_up_to.end() - 1, target) - weight_up_to.begin());
        if (taken_by[item] == row) continue;
        taken_by[item] = row;
        out[found++] = static_cast<std::int32_t>(item);
      }
      std::sort(out, out + length);
    }
  });
  return rows;
}

}  // namespace recvae::bench
