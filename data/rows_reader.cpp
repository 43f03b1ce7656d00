#include "rows_reader.h"

#include <optional>
#include <string>

#include "error.h"
#include "fields.h"

namespace recvae::data {

void add_row(const TextSource& text, const std::vector<std::string_view>& fields, const ColumnPlaces& places,
             InteractionBuilder& out) {
  if (fields.size() != places.count) {
    throw error_at(text.name(), text.line(), std::to_string(places.count) + " columns", std::to_string(fields.size()));
  }
  const auto number = [&](int place, const char* what) -> std::optional<double> {
    if (place < 0) return {};
    const std::string_view field = fields[static_cast<std::size_t>(place)];
    const auto value = parse_number(field);
    if (!value) throw error_at(text.name(), text.line(), what, excerpt(field));
    return value;
  };
  const auto rating = number(places.rating, "a number as rating");
  const auto time = number(places.time, "a number as time");
  out.add(fields[static_cast<std::size_t>(places.user)], fields[static_cast<std::size_t>(places.item)], rating, time);
}

ColumnPlaces find_columns(const TextSource& text, const std::vector<std::string_view>& header, const Columns& columns) {
  const auto find = [&](const std::string& name, bool needed) {
    int place = -1;
    for (std::size_t k = 0; k < header.size(); ++k) {
      if (header[k] != name) continue;
      if (place >= 0) throw error_at(text.name(), text.line(), "one column " + excerpt(name), "two");
      place = static_cast<int>(k);
    }
    if (place >= 0 || !needed) return place;
    std::string names;
    for (const auto field : header) names.append(names.empty() ? "" : ",").append(field);
    throw error_at(text.name(), text.line(), "a header with a column " + excerpt(name), excerpt(names));
  };
  ColumnPlaces places;
  places.count = header.size();
  places.user = find(columns.user, true);
  places.item = find(columns.item, true);
  places.rating = find(columns.rating, columns.need_rating);
  if (columns.keep_times) places.time = find(columns.time, true);
  return places;
}

}  // namespace recvae::data
