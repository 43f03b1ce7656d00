#include "ratio.h"

#include <algorithm>
#include <numeric>

#include "../filter/filters.h"

namespace recvae::data {
namespace {

/// How many rows of a group are validation's and test's.
struct Sizes {
  std::size_t validation = 0, test = 0;
};

Sizes sizes_by_ratio(std::size_t rows, const Ratios& ratios) {
  const auto n = static_cast<double>(rows);
  const double sum = ratios[0] + ratios[1] + ratios[2];
  const double validation = ratios[1] / sum * n, test = ratios[2] / sum * n;
  Sizes sizes{static_cast<std::size_t>(validation), static_cast<std::size_t>(test)};
  const auto top_up = [&](double exact, std::size_t& size) {
    if (rows > sizes.validation + sizes.test + 1 && 0 < exact && exact < 1) ++size;
  };
  top_up(test, sizes.test);
  top_up(validation, sizes.validation);
  return sizes;
}

Sizes sizes_to_leave_out(std::size_t rows) { return {rows > 2 ? 1u : 0u, rows > 1 ? 1u : 0u}; }

/// Cuts a group's rows.
void cut(std::span<const std::int64_t> group, Sizes sizes, std::vector<Part>& parts) {
  const std::size_t test = group.size() - sizes.test, validation = test - sizes.validation;
  for (std::size_t k = validation; k < group.size(); ++k) {
    parts[as_size(group[k])] = k < test ? Part::validation : Part::test;
  }
}

template <class SizesOf>
std::vector<Part> split_users(const Interactions& rows, std::span<const std::int64_t> order, SizesOf sizes_of) {
  std::vector<Part> parts(rows.users.size(), Part::train);
  UserRows by_user = rows_by_user(rows, order);
  for (std::size_t user = 0; user < rows.user_tokens.size(); ++user) {
    const auto own = by_user.of(user);
    cut(own, sizes_of(own.size()), parts);
  }
  return parts;
}

}  // namespace

std::vector<std::int64_t> time_order(const Interactions& rows) {
  std::vector<std::int64_t> order(rows.times.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return rows.times[as_size(a)] < rows.times[as_size(b)]; });
  return order;
}

std::vector<Part> split_by_ratio(const Interactions& rows, std::span<const std::int64_t> order, const Ratios& ratios,
                                 bool by_user) {
  if (by_user) return split_users(rows, order, [&](std::size_t n) { return sizes_by_ratio(n, ratios); });
  std::vector<Part> parts(order.size(), Part::train);
  cut(order, sizes_by_ratio(order.size(), ratios), parts);
  return parts;
}

std::vector<Part> leave_one_out(const Interactions& rows, std::span<const std::int64_t> order) {
  return split_users(rows, order, sizes_to_leave_out);
}

}  // namespace recvae::data
