#include <algorithm>

#include "error.h"
#include "fields.h"
#include "readers.h"
#include "rows_reader.h"

namespace recvae::data {

void read_inter(TextSource& text, const Columns& columns, InteractionBuilder& out) {
  std::string_view line;
  if (!text.next(line)) throw DataError(text.name() + ": expected a header line, found an empty file");
  FieldSplitter splitter("\t", false);
  std::vector<std::string_view> names;
  for (const std::string_view cell : splitter.split(line)) {
    const auto colon = cell.find(':');
    const std::string_view type = colon == std::string_view::npos ? "" : cell.substr(colon + 1);
    if (type != "token" && type != "float" && type != "token_seq" && type != "float_seq") {
      throw error_at(text.name(), 1, "a header of name:type, types token, float, token_seq and float_seq",
                     excerpt(cell));
    }
    names.push_back(cell.substr(0, colon));
  }

  Columns here = columns;
  const auto accept = [&](std::string& name, const std::string& table_default, const char* recbole) {
    if (name == table_default && std::find(names.begin(), names.end(), name) == names.end()) name = recbole;
  };
  accept(here.user, Columns{}.user, "user_id");
  accept(here.item, Columns{}.item, "item_id");
  const ColumnPlaces places = find_columns(text, names, here);
  while (text.next(line)) {
    if (!line.empty()) add_row(text, splitter.split(line), places, out);
  }
}

}  // namespace recvae::data
