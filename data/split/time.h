#pragma once

#include <span>
#include <string>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../number.h"
#include "strong.h"
#include "weak.h"

/// Splits at one moment for everybody: nothing that is trained on is later than anything that is tested on.
namespace recvae::data {

/// The first moments of validation and of test, in the time column's unit.
struct Boundaries {
  ///@{
  /// They belong to the later part.
  double valid_from = 0, test_from = 0;
  ///@}

  Part part_of(double time) const {
    return time < valid_from ? Part::train : time < test_from ? Part::validation : Part::test;
  }  ///< the part of a row
};

/// The boundaries that options give, both of them moments. What a date or ISO time is in numbers: seconds where the
/// times were dates, too; else of the unit (seconds; from 1e11 on milliseconds, 1e14 microseconds, 1e17 nanoseconds) in
/// which most rows are before the first date, of seconds at least a thousandth of it. So rows from a boundary on have
/// no say in where it lies. Throws DataError where validation would begin after test.
RECVAE_API Boundaries boundaries(const std::string& valid_from, const std::string& test_from, const Interactions& rows);

/// The weak split: a row's time says its part.
RECVAE_API std::vector<Part> split_by_time(const Interactions& rows, const Boundaries& boundaries);

/// The strong split: users are for training, validation or test by the time of their first row, and have no rows of a
/// later part. Of a held-out user's n rows with known items the last floor(0.2 n) by time are targets; of equal times
/// the later in the file counts as later. Training may turn out to have no rows.
RECVAE_API StrongSplit split_by_first_time(Interactions rows, const Boundaries& boundaries);

}  // namespace recvae::data
