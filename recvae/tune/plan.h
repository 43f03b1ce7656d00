// Which trials a search runs, before any of them has.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "space.h"

namespace recvae::tune {

/// Which points are tried, and how far.
enum class Algorithm {
  exhaustive,  ///< all of the grid
  random,      ///< some, drawn
  asha         ///< likewise; the worse ones end early (see halving)
};

/// Every combination of the choices, the last parameter varying fastest; of the other parameters a draw each. Throws
/// data::UsageError where there are more than a million.
RECVAE_API std::vector<Point> grid(const Space& space, std::uint64_t seed);

/// `count` points drawn at random, no two alike: fewer where there are no more. One is a function of the seed and those
/// before it.
RECVAE_API std::vector<Point> draws(const Space& space, std::uint64_t seed, std::size_t count);

/// A part of a search by successive halving: so many points are trained up to so many epochs.
struct Rung {
  std::size_t points = 0;   ///< how many
  std::int64_t epochs = 0;  ///< up to so many
};

/// From rung to rung a third of the points and three times the epochs, both rounded, up to `epochs`; the first has at
/// least `least` of them (where `epochs` has).
RECVAE_API std::vector<Rung> halving(std::size_t points, std::int64_t epochs, std::int64_t least);

/// What a search is asked for. Trials are numbered: the runs of the first point, those of the second, and so on.
struct Plan {
  Settings base;                                ///< what is not varied
  Space space;                                  ///< what is varied
  Algorithm algorithm = Algorithm::exhaustive;  ///< how it is searched
  std::vector<Point> points;                    ///< in the order in which they are tried
  std::vector<Rung> rungs;                      ///< of all points but under asha: one
  std::optional<std::int64_t> early_stop;       ///< ends after so many points in a row without a better one

  std::size_t trials() const { return points.size() * space.runs(); }  ///< of all points
  /// Of a trial.
  std::size_t point_of(std::size_t trial) const { return trial / space.runs(); }
  Settings settings(std::size_t trial) const {
    return space.settings(base, points[point_of(trial)], trial % space.runs());
  }  ///< of a trial
  /// The epochs after which a trial has done a rung.
  std::int64_t epochs(std::size_t trial, std::size_t rung) const {
    return algorithm == Algorithm::asha ? rungs[rung].epochs : settings(trial).epochs;
  }
};

/// `max_evals` points at most (random and asha: default 100; asha takes the whole grid where that is smaller). Draws
/// follow from the base's seed. Throws data::UsageError where the options or the space do not go together.
RECVAE_API Plan make_plan(const Settings& base, Space space, Algorithm algorithm, std::optional<std::int64_t> max_evals,
                          std::optional<std::int64_t> early_stop);

}  // namespace recvae::tune
