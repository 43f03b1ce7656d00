#include "read_text.h"

#include <stdexcept>

#include "readers.h"

namespace recvae::data {

Columns columns_of(const DataOptions& options) {
  Columns columns;
  columns.user = options.user_field;
  columns.item = options.item_field;
  columns.rating = options.rating_field;
  columns.time = options.time_field;
  columns.need_rating = options.threshold.has_value();
  return columns;
}

void read_text(const std::string& format, TextSource& text, const Columns& columns, InteractionBuilder& out) {
  if (format == "table") {
    read_table(text, columns, out);
  } else if (format == "inter") {
    read_inter(text, columns, out);
  } else if (format == "u.data") {
    read_movielens(text, "\t", columns, out);
  } else if (format == "ratings.dat") {
    read_movielens(text, "::", columns, out);
  } else if (format == "adjacency") {
    read_adjacency(text, out);
  } else if (format == "dumpavail") {
    read_dumpavail(text, out);
  } else {
    throw std::invalid_argument("read_text: no format " + format);
  }
}

}  // namespace recvae::data
