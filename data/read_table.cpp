#include <stdexcept>

#include "error.h"
#include "fields.h"
#include "readers.h"
#include "rows_reader.h"

namespace recvae::data {

void read_table(TextSource& text, const Columns& columns, InteractionBuilder& out) {
  std::string_view line;
  if (!text.next(line)) throw DataError(text.name() + ": expected a header line, found an empty file");
  FieldSplitter splitter(line.find('\t') != std::string_view::npos ? "\t" : ",", true);
  try {
    const ColumnPlaces places = find_columns(text, splitter.split(line), columns);
    while (text.next(line)) {
      if (!line.empty()) add_row(text, splitter.split(line), places, out);
    }
  } catch (const std::invalid_argument& error) {  // of the splitter
    throw error_at(text.name(), text.line(), "fields, quoted or not", error.what());
  }
}

}  // namespace recvae::data
