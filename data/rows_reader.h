#pragma once

#include <string_view>
#include <vector>

#include "interactions.h"
#include "text_source.h"

namespace recvae::data {

/// Places of the columns in a row; -1: there is none.
struct ColumnPlaces {
  std::size_t count = 0;  // of fields in a row
  int user = -1, item = -1, rating = -1, time = -1;
};

/// What the table readers share: checks one row's fields and appends it.
void add_row(const TextSource& text, const std::vector<std::string_view>& fields, const ColumnPlaces& places,
             InteractionBuilder& out);

/// Where the columns stand in `header`; throws DataError where a needed one is not there or a name is there twice.
ColumnPlaces find_columns(const TextSource& text, const std::vector<std::string_view>& header, const Columns& columns);

}  // namespace recvae::data
