#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "../filter/interval.h"
#include "../interactions.h"
#include "fields.h"

namespace recvae::data {

/// Places of the columns in a row; -1: there is none.
struct Places {
  std::size_t count = 0;  ///< of fields in a row
  ///@{
  /// Places, from 0.
  int user = -1, item = -1, rating = -1, time = -1;
  ///@}
  std::vector<std::pair<int, FieldFilter>> filters{};  ///< val_interval's
};

/// Puts the rows of the lines that are left into `out`, in their order. Blocks of lines are parsed beside each other,
/// while the caller's thread reads on and looks up ids. Throws DataError for the first line that is wrong.
void read_rows(TextSource& text, const FieldSplitter& splitter, const Places& places, InteractionBuilder& out);

}  // namespace recvae::data
