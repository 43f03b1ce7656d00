#include "readers.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "../error.h"
#include "../number.h"
#include "rows.h"

namespace recvae::data {
namespace {

using Fields = std::vector<std::string_view>;

std::string_view header_line(TextSource& text) {
  std::string_view line;
  if (!text.next(line)) throw DataError(text.name() + ": expected a header line, found an empty file");
  return line;
}

/// A name as it counts: without blanks around it, `_` and `-`, in small letters.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != '_' && c != '-' && c != ' ') plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain;
}

/// What a column is called: as its option says, else by one of the names that data in use have.
struct Column {
  const char *content, *option, *example;
  const std::string& given;
  std::string_view usual;  // names, a blank around each

  bool fits(std::string_view name) const {
    if (!given.empty()) return name == given;
    const std::string plain = plain_name(name);
    return !plain.empty() && usual.find(" " + plain + " ") != std::string_view::npos;
  }
};

/// A header's names for an error, the first ones.
std::string excerpt_of(const Fields& header) {
  constexpr std::size_t longest = 400;
  std::string names;
  for (std::size_t k = 0; k < header.size() && names.size() <= longest; ++k)
    names.append(k > 0 ? "," : "").append(header[k].substr(0, longest + 1));
  return excerpt(names, longest);
}

/// Its place in the header; -1: there is none, and none is needed.
int find_column(const TextSource& text, const Fields& header, const Column& column, bool needed) {
  const auto fits = [&](std::string_view name) { return column.fits(name); };
  const auto count = std::count_if(header.begin(), header.end(), fits);
  if (count == 1) return static_cast<int>(std::find_if(header.begin(), header.end(), fits) - header.begin());
  if (count == 0 && !needed) return -1;
  const std::string option = std::string("--") + column.option;
  throw error_at(text.name(), text.line(),
                 column.given.empty() ? std::string("one column of ") + column.content + ", such as " +
                                            excerpt(column.example) + " (" + option + " names another)"
                                      : "one column " + excerpt(column.given) + " (" + option + ")",
                 (count == 0 ? "none in " : "several in ") + excerpt_of(header));
}

/// val_interval's fields by the header's names; `types` says of .inter files what a column holds.
std::vector<std::pair<int, FieldFilter>> find_filters(const TextSource& text, const Fields& header,
                                                      const DataOptions& options, const Fields& types = {}) {
  std::vector<std::pair<int, FieldFilter>> found;
  for (FieldFilter& filter : parse_field_filters(options.val_interval)) {
    const auto at = std::find(header.begin(), header.end(), filter.field);
    if (at == header.end()) {
      throw error_at(text.name(), text.line(), "a column " + excerpt(filter.field) + " (--val_interval)",
                     "none in " + excerpt_of(header));
    }
    const auto place = at - header.begin();
    if (!types.empty() && types[as_size(place)].starts_with("float") != filter.of_numbers) {
      throw error_at(text.name(), text.line(),
                     filter.of_numbers ? "--val_interval with a list for a column of tokens"
                                       : "--val_interval with an interval for a column of numbers",
                     excerpt(filter.field));
    }
    found.emplace_back(static_cast<int>(place), std::move(filter));
  }
  return found;
}

Places find_columns(const TextSource& text, const Fields& header, const DataOptions& options, Times times,
                    const Fields& types = {}) {
  const Column user{"user ids", "user_field", "userId", options.user_field,
                    " userid user uid reviewerid customerid custid visitorid profileid msno "};
  const Column item{
      "item ids", "item_field", "movieId", options.item_field,
      " movieid itemid item iid sid productid asin parentasin bookid isbn businessid articleid newsid animeid "
      "artistid trackid songid recipeid videoid gameid appid placeid hotelid courseid podcastid "};
  const Column rating{"ratings", "rating_field", "rating", options.rating_field,
                      " rating score stars starrating overall bookrating "};
  const Column time{"times", "time_field", "timestamp", options.time_field,
                    " timestamp time ts date unixreviewtime reviewdate eventtime tdat "};
  return {header.size(),
          find_column(text, header, user, true),
          find_column(text, header, item, true),
          find_column(text, header, rating, options.threshold.has_value()),
          times == Times::ignored ? -1 : find_column(text, header, time, times == Times::needed),
          find_filters(text, header, options, types)};
}

/// A tab where there is one, else the most frequent of the others, near its beginning; what stands in quotes does not
/// count.
std::string separator_of(std::string_view header) {
  std::string bare;
  bool quoted = false;
  for (const char c : header.substr(0, std::size_t{1} << 16)) {
    quoted = quoted != (c == '"');
    if (!quoted) bare += c;
  }
  if (bare.find('\t') != std::string::npos) return "\t";
  const auto count = [&](char c) { return std::count(bare.begin(), bare.end(), c); };
  return {std::max({',', ';', '|'}, [&](char a, char b) { return count(a) < count(b); })};
}

/// What --field_separator says, else `otherwise`.
std::string separator_of(const DataOptions& options, const std::string& otherwise) {
  if (options.field_separator.empty()) return otherwise;
  return options.field_separator == "\\t" ? "\t" : options.field_separator;
}

void read_table(TextSource& text, const DataOptions& options, Times times, InteractionBuilder& out) {
  const std::string_view line = header_line(text);
  FieldSplitter splitter(separator_of(options, separator_of(line)), true);
  read_rows(text, splitter, find_columns(text, split_line(text, line, splitter), options, times), out);
}

void read_inter(TextSource& text, const DataOptions& options, Times times, InteractionBuilder& out) {
  FieldSplitter splitter(separator_of(options, "\t"), false);
  Fields names, types;
  for (const std::string_view cell : split_line(text, header_line(text), splitter)) {
    const auto colon = cell.find(':');
    const std::string_view type = colon == std::string_view::npos ? "" : cell.substr(colon + 1);
    if (type != "token" && type != "float" && type != "token_seq" && type != "float_seq") {
      throw error_at(text.name(), text.line(), "a header of name:type, types token, float, token_seq and float_seq",
                     excerpt(cell));
    }
    names.push_back(cell.substr(0, colon));
    types.push_back(type);
  }
  read_rows(text, splitter, find_columns(text, names, options, times, types), out);
}

void read_movielens(TextSource& text, const char* separator, const DataOptions& options, Times times,
                    InteractionBuilder& out) {
  FieldSplitter splitter(separator, false);
  const int time = times == Times::ignored ? -1 : 3;
  const Fields names = {"user_id", "item_id", "rating", "timestamp"};
  read_rows(text, splitter, {4, 0, 1, 2, time, find_filters(text, names, options)}, out);
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

TextSource open_file(const std::string& file, const DataOptions& options) {
  TextSource::Stream stream{options.stop, {}, {}};
  if (options.progress) {
    std::error_code none;
    const auto size = std::filesystem::file_size(file, none);
    const std::int64_t total = none ? 0 : static_cast<std::int64_t>(size);
    stream.progress = [&options, file, total](std::int64_t bytes) { options.progress(file, bytes, total); };
  }
  return TextSource::from_file(file, std::move(stream));
}

void read_text(Format format, TextSource& text, const DataOptions& options, InteractionBuilder& out, Times times) {
  switch (format) {
    case Format::table:
      return read_table(text, options, times, out);
    case Format::inter:
      return read_inter(text, options, times, out);
    case Format::u_data:
      return read_movielens(text, "\t", options, times, out);
    case Format::ratings_dat:
      return read_movielens(text, "::", options, times, out);
    case Format::adjacency:
      return read_adjacency(text, out);
    case Format::dumpavail:
      return read_dumpavail(text, out);
    case Format::prepared:
      break;  // a directory
  }
}

}  // namespace recvae::data
