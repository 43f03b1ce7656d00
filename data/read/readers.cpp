#include "readers.h"

#include <algorithm>
#include <stdexcept>

#include "../error.h"
#include "../number.h"
#include "fields.h"

namespace recvae::data {
namespace {

using Fields = std::vector<std::string_view>;

/// Places of the columns in a row; -1: there is none.
struct Places {
  std::size_t count = 0;  // of fields in a row
  int user = -1, item = -1, rating = -1, time = -1;
};

void read_rows(TextSource& text, FieldSplitter& splitter, const Places& places, InteractionBuilder& out) {
  while (const Fields* fields = next_row(text, splitter, places.count)) {
    const auto field = [&](int place) { return (*fields)[static_cast<std::size_t>(place)]; };
    const auto number = [&](int place, const char* name) {
      const auto value = place < 0 ? std::nullopt : parse_number<double>(field(place));
      if (place < 0 || value) return value;
      throw error_at(text.name(), text.line(), std::string("a number as ") + name, excerpt(field(place)));
    };
    const auto rating = number(places.rating, "rating");
    out.add(field(places.user), field(places.item), rating, number(places.time, "time"));
  }
}

std::string_view header_line(TextSource& text) {
  std::string_view line;
  if (!text.next(line)) throw DataError(text.name() + ": expected a header line, found an empty file");
  return line;
}

Places find_columns(const TextSource& text, const Fields& header, const std::string& user, const std::string& item,
                    const DataOptions& options, Times times) {
  const auto find = [&](const std::string& name, bool needed) {
    const auto place = std::find(header.begin(), header.end(), name);
    if (place != header.end() && std::find(place + 1, header.end(), name) != header.end()) {
      throw error_at(text.name(), text.line(), "one column " + excerpt(name), "two");
    }
    if (place != header.end()) return static_cast<int>(place - header.begin());
    if (!needed) return -1;
    std::string names;
    for (const auto field : header) names.append(names.empty() ? "" : ",").append(field);
    throw error_at(text.name(), text.line(), "a header with a column " + excerpt(name), excerpt(names));
  };
  return {header.size(), find(user, true), find(item, true), find(options.rating_field, options.threshold.has_value()),
          times == Times::ignored ? -1 : find(options.time_field, times == Times::needed)};
}

void read_table(TextSource& text, const DataOptions& options, Times times, InteractionBuilder& out) {
  const std::string_view line = header_line(text);
  FieldSplitter splitter(line.find('\t') != std::string_view::npos ? "\t" : ",", true);
  const Fields& names = split_line(text, line, splitter);
  read_rows(text, splitter, find_columns(text, names, options.user_field, options.item_field, options, times), out);
}

void read_inter(TextSource& text, const DataOptions& options, Times times, InteractionBuilder& out) {
  FieldSplitter splitter("\t", false);
  Fields names;
  for (const std::string_view cell : splitter.split(header_line(text))) {
    const auto colon = cell.find(':');
    const std::string_view type = colon == std::string_view::npos ? "" : cell.substr(colon + 1);
    if (type != "token" && type != "float" && type != "token_seq" && type != "float_seq") {
      throw error_at(text.name(), text.line(), "a header of name:type, types token, float, token_seq and float_seq",
                     excerpt(cell));
    }
    names.push_back(cell.substr(0, colon));
  }
  const auto name = [&](const std::string& given, const std::string& table_default, const char* recbole) {
    const bool absent = std::find(names.begin(), names.end(), given) == names.end();
    return given == table_default && absent ? recbole : given;
  };
  const std::string user = name(options.user_field, DataOptions{}.user_field, "user_id");
  const std::string item = name(options.item_field, DataOptions{}.item_field, "item_id");
  read_rows(text, splitter, find_columns(text, names, user, item, options, times), out);
}

void read_movielens(TextSource& text, const char* separator, Times times, InteractionBuilder& out) {
  FieldSplitter splitter(separator, false);
  const int time = times == Times::ignored ? -1 : 3;
  read_rows(text, splitter, {.count = 4, .user = 0, .item = 1, .rating = 2, .time = time}, out);
}

void read_adjacency(TextSource& text, InteractionBuilder& out) {
  std::string_view line;
  while (text.next(line)) {
    std::int32_t user = -1;
    for (;;) {
      const auto begin = line.find_first_not_of(" \t");
      if (begin == std::string_view::npos) break;
      const auto end = line.find_first_of(" \t", begin);
      const std::string_view id = line.substr(begin, end - begin);
      if (!parse_index(id)) throw error_at(text.name(), text.line(), "an id from 0 to 2147483647", excerpt(id));
      if (user < 0) {
        user = out.add_user(id);
      } else {
        out.add_row(user, id);
      }
      if (end == std::string_view::npos) break;
      line.remove_prefix(end);
    }
  }
}

}  // namespace

void read_text(const std::string& format, TextSource& text, const DataOptions& options, InteractionBuilder& out,
               Times times) {
  if (format == "table") return read_table(text, options, times, out);
  if (format == "inter") return read_inter(text, options, times, out);
  if (format == "u.data") return read_movielens(text, "\t", times, out);
  if (format == "ratings.dat") return read_movielens(text, "::", times, out);
  if (format == "adjacency") return read_adjacency(text, out);
  if (format == "dumpavail") return read_dumpavail(text, out);
  throw std::invalid_argument("read_text: no format " + format);
}

}  // namespace recvae::data
