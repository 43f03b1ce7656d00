#include "plan.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "../../autodiff/random.h"
#include "../../data/error.h"

namespace recvae::tune {
namespace {

constexpr double kMostPoints = 1e6;
constexpr std::int64_t kFewer = 3;  // a rung has so many times fewer points than the one before

/// A number in [0, 1) for a parameter in the n-th draw, its own stream.
double draw(std::uint64_t seed, std::size_t parameter, std::uint64_t n) {
  constexpr std::uint32_t kStreams = 0x74756e65;  // beyond those of training
  return ad::uniform({seed, kStreams + static_cast<std::uint32_t>(parameter), 0}, n);
}

/// How many points there are, where only choices count or every parameter does.
double count(const Space& space, bool choices_alone) {
  double n = 1;
  for (const Parameter& p : space.parameters) {
    if (!choices_alone || p.kind == Parameter::Kind::choice) n *= p.count();
  }
  return n;
}

bool has_parameter(const Space& space, const std::string& name) {
  return std::ranges::find(space.parameters, name, &Parameter::name) != space.parameters.end();
}

void check(const Space& space, Algorithm algorithm, bool stops_early) {
  if (algorithm != Algorithm::asha) return;
  if (stops_early) throw data::UsageError("--early_stop: expected --algo exhaustive or random");
  for (const char* name : {"epochs", "eval_step"}) {
    if (has_parameter(space, name))
      throw data::UsageError(
          std::string(name) +
          ": expected --algo exhaustive or random for this parameter: asha compares after as many epochs");
  }
}

}  // namespace

std::vector<Point> grid(const Space& space, std::uint64_t seed) {
  const double cells = count(space, true);
  if (cells > kMostPoints)
    throw data::UsageError("the parameters: expected at most a million combinations, or --algo random or asha");
  std::vector<Point> points(static_cast<std::size_t>(cells), Point(space.parameters.size()));
  for (std::size_t cell = 0; cell < points.size(); ++cell) {
    std::size_t rest = cell;
    for (std::size_t k = space.parameters.size(); k-- > 0;) {
      const Parameter& p = space.parameters[k];
      if (p.kind == Parameter::Kind::choice) {
        points[cell][k] = p.choices[rest % p.choices.size()];
        rest /= p.choices.size();
      } else {
        points[cell][k] = p.at(draw(seed, k, cell));
      }
    }
  }
  return points;
}

std::vector<Point> draws(const Space& space, std::uint64_t seed, std::size_t most) {
  const double there_are = count(space, false);
  // Of the last points of a small space most draws are repeated ones; a value at the end of a range may never come.
  const double patience = 1000 + 30 * std::min(there_are, kMostPoints);
  std::vector<Point> points;
  std::set<Point> seen;
  double repeated = 0;
  for (std::uint64_t n = 0;
       points.size() < most && static_cast<double>(points.size()) < there_are && repeated < patience; ++n) {
    Point point;
    for (std::size_t k = 0; k < space.parameters.size(); ++k) point.push_back(space.parameters[k].at(draw(seed, k, n)));
    repeated = seen.insert(point).second ? 0 : repeated + 1;
    if (repeated == 0) points.push_back(std::move(point));
  }
  return points;
}

std::vector<Rung> halving(std::size_t points, std::int64_t epochs, std::int64_t least) {
  std::vector<std::pair<std::size_t, std::int64_t>> parts{{points, 1}};  // points, of how many parts of the epochs
  while (true) {
    const auto [left, part] = parts.back();
    if (left < kFewer || epochs / (part * kFewer) < std::max<std::int64_t>(least, 1)) break;
    parts.emplace_back(left / kFewer, part * kFewer);
  }
  std::vector<Rung> rungs;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const std::int64_t part = parts[parts.size() - 1 - k].second;
    rungs.push_back({parts[k].first, (epochs + part - 1) / part});
  }
  return rungs;
}

Plan make_plan(const Settings& base, Space space, Algorithm algorithm, std::optional<std::int64_t> max_evals,
               std::optional<std::int64_t> early_stop) {
  check(space, algorithm, early_stop.has_value());
  Plan plan{base, std::move(space), algorithm, {}, {}, early_stop};
  const auto seed = static_cast<std::uint64_t>(base.seed);
  constexpr std::int64_t kDefaultEvals = 100;
  const std::int64_t most = max_evals.value_or(kDefaultEvals);
  const bool whole_grid = algorithm == Algorithm::exhaustive ||
                          (algorithm == Algorithm::asha && count(plan.space, false) <= static_cast<double>(most) &&
                           count(plan.space, true) == count(plan.space, false));
  plan.points = whole_grid ? grid(plan.space, seed) : draws(plan.space, seed, static_cast<std::size_t>(most));
  if (max_evals && std::ssize(plan.points) > most) plan.points.resize(static_cast<std::size_t>(most));
  plan.rungs = algorithm == Algorithm::asha ? halving(plan.points.size(), base.epochs, base.eval_step)
                                            : std::vector<Rung>{{plan.points.size(), base.epochs}};
  return plan;
}

}  // namespace recvae::tune
