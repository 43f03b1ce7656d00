#pragma once

#include <span>
#include <string>
#include <vector>

#include "../number.h"
#include "strong.h"
#include "weak.h"

/// Splits at one moment for everybody: nothing that is trained on is later than anything that is tested on.
namespace recvae::data {

/// The first moments of validation and of test, in the time column's unit.
struct Boundaries {
  double valid_from = 0, test_from = 0;

  Part part_of(double time) const {
    return time < valid_from ? Part::train : time < test_from ? Part::validation : Part::test;
  }
};

/// The boundaries that options give, both of them moments. The magnitude of the largest of `times` tells their unit,
/// and so what a date or ISO time is: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else
/// nanoseconds. Throws DataError where validation would begin after test.
Boundaries boundaries(const std::string& valid_from, const std::string& test_from, std::span<const double> times);

/// The weak split: a row's time says its part.
std::vector<Part> split_by_time(const Interactions& rows, const Boundaries& boundaries);

/// The strong split: users are for training, validation or test by the time of their first row, and have no rows of a
/// later part. Of a held-out user's n rows with known items the last floor(0.2 n) by time are targets; of equal times
/// the later in the file counts as later. Training may turn out to have no rows.
StrongSplit split_by_first_time(Interactions rows, const Boundaries& boundaries);

}  // namespace recvae::data
