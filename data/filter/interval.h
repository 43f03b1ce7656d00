#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../../autodiff/kernels/api.h"

namespace recvae::data {

/// RecBole's intervals of numbers: `[4,inf)`, `(0,1]`; several with `;` between them: a number in one of them is in.
class RECVAE_API Intervals {
 public:
  /// Throws std::invalid_argument, what was expected, for text of another form and for an interval that holds nothing.
  static Intervals parse(std::string_view text);

  bool contains(double x) const;  ///< NaN: in none

 private:
  struct Interval {
    double low, high;
    bool with_low, with_high;
  };
  std::vector<Interval> intervals_;
};

/// A condition on one column: its numbers lie in intervals, or its text is one of some.
struct RECVAE_API FieldFilter {
  std::string field;                  ///< name of the column
  bool of_numbers = true;             ///< intervals, or words?
  Intervals intervals{};              ///< of numbers
  std::vector<std::string> tokens{};  ///< of words

  /// Is this cell what is kept? Throws std::invalid_argument, what was expected, for a cell that is no number where
  /// numbers are asked for; an empty one is in no interval.
  bool keeps(std::string_view cell) const;
};

/// `{'rating': '[4,inf)', 'genre': ['a', 'b']}`: RecBole's val_interval. The empty text: none. Throws
/// std::invalid_argument, what was expected.
RECVAE_API std::vector<FieldFilter> parse_field_filters(const std::string& text);

}  // namespace recvae::data
