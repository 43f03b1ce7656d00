#include "time.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "../error.h"
#include "../filter/filters.h"
#include "../read/fields.h"

namespace recvae::data {
namespace {

/// How many of the times' unit a second has: the number for which most rows are of this unit's magnitude and before
/// `date`. Rows from then on have no say.
double units_per_second(const Interactions& rows, const Moment& date) {
  double unit = 1;
  std::int64_t most = 0;
  for (const double candidate : {1.0, 1e3, 1e6, 1e9}) {
    const double end = date.in(candidate), least = candidate == 1 ? std::abs(end) / 1000 : 1e8 * candidate;
    const auto speaks = [&](double time) { return std::abs(time) >= least && time < end; };
    const std::int64_t count = rows.dated ? 0 : std::count_if(rows.times.begin(), rows.times.end(), speaks);
    if (count > most) most = count, unit = candidate;
  }
  return unit;
}

}  // namespace

Boundaries boundaries(const std::string& valid_from, const std::string& test_from, const Interactions& rows) {
  const Moment valid = parse_moment(valid_from).value(), test = parse_moment(test_from).value();
  const double unit = units_per_second(rows, valid.is_date ? valid : test);
  const Boundaries out{valid.in(unit), test.in(unit)};
  if (out.valid_from <= out.test_from) return out;
  throw DataError("--valid_from: expected a moment that, in the data's unit of time, is not after --test_from " +
                  test_from + ", found " + valid_from);
}

std::vector<Part> split_by_time(const Interactions& rows, const Boundaries& boundaries) {
  std::vector<Part> parts;
  parts.reserve(rows.times.size());
  for (const double time : rows.times) parts.push_back(boundaries.part_of(time));
  return parts;
}

StrongSplit split_by_first_time(Interactions rows, const Boundaries& boundaries) {
  std::vector<double> first(rows.user_tokens.size(), std::numeric_limits<double>::infinity());
  for (std::size_t k = 0; k < rows.users.size(); ++k) {
    double& time = first[as_size(rows.users[k])];
    time = std::min(time, rows.times[k]);
  }
  const auto part_of = [&](std::int32_t user) { return boundaries.part_of(first[as_size(user)]); };
  rows.dropped.later += rows.rows();
  keep_rows(rows, [&](std::size_t k) { return boundaries.part_of(rows.times[k]) <= part_of(rows.users[k]); });
  rows.dropped.later -= rows.rows();

  // Whether users sort as numbers must not be for those of a later part to say: an earlier one sorts without them.
  StrongUsers users;
  users.uid_of.assign(rows.user_tokens.size(), -1);
  const std::vector<std::int64_t> counts = count_rows(rows.users, rows.user_tokens.size());
  const auto number = [&](Part part) {
    std::vector<std::int32_t> known;
    std::vector<std::string> tokens;
    for (std::int32_t user = 0; as_size(user) < counts.size(); ++user) {
      if (counts[as_size(user)] == 0 || part_of(user) > part) continue;
      known.push_back(user);
      tokens.push_back(rows.user_tokens[as_size(user)]);
    }
    for (const std::int32_t place : sorted_order(tokens)) {
      const std::int32_t user = known[as_size(place)];
      if (part_of(user) != part) continue;
      users.uid_of[as_size(user)] = static_cast<std::int32_t>(users.sorted.size());
      users.sorted.push_back(user);
    }
    return static_cast<std::int32_t>(users.sorted.size());
  };
  users.train_users = number(Part::train);
  users.first_test = number(Part::validation);
  number(Part::test);
  return make_strong_split(rows, users, [&](std::int32_t, std::span<const std::int64_t> own) {
    std::vector<std::size_t> by_time(own.size());
    std::iota(by_time.begin(), by_time.end(), std::size_t{0});
    const auto time = [&](std::size_t k) { return rows.times[as_size(own[k])]; };
    std::stable_sort(by_time.begin(), by_time.end(), [&](auto a, auto b) { return time(a) < time(b); });
    std::vector<bool> is_target(own.size());
    for (std::size_t k = own.size() - own.size() / 5; k < own.size(); ++k) is_target[by_time[k]] = true;
    return is_target;
  });
}

}  // namespace recvae::data
