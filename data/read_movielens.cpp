#include "fields.h"
#include "readers.h"
#include "rows_reader.h"

namespace recvae::data {

void read_movielens(TextSource& text, const std::string& separator, const Columns& columns, InteractionBuilder& out) {
  const ColumnPlaces places{.count = 4, .user = 0, .item = 1, .rating = 2, .time = columns.keep_times ? 3 : -1};
  FieldSplitter splitter(separator, false);
  std::string_view line;
  while (text.next(line)) {
    if (!line.empty()) add_row(text, splitter.split(line), places, out);
  }
}

}  // namespace recvae::data
