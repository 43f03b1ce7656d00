#include "rows.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "../error.h"
#include "../number.h"

namespace recvae::data {
namespace {

constexpr std::size_t kWorthAThread = 1000;  // lines

struct Row {
  Token user, item;
  double rating, time;
  bool kept;
};

/// The rows of some lines.
struct Parsed {
  TextSource lines;                // owns what rows view
  std::deque<std::string> quoted;  // or does not: fields that stood in quotes
  std::vector<Row> rows;
  std::optional<bool> dated;  // are times dates? nothing: there was no time yet
};

/// All times are of the kind of the first, `dated`.
Parsed parse(TextSource text, FieldSplitter splitter, const Places& places, std::optional<bool> dated) {
  std::deque<std::string> quoted;
  std::vector<Row> rows;
  rows.reserve(text.lines_taken());
  while (const auto* fields = next_row(text, splitter, places.count)) {
    const auto field = [&](int place) { return (*fields)[static_cast<std::size_t>(place)]; };
    const auto wrong = [&](const char* expected, int place) {
      return error_at(text.name(), text.line(), expected, excerpt(field(place)));
    };
    const auto id = [&](int place) {
      return Token(splitter.had_quotes() ? std::string_view(quoted.emplace_back(field(place))) : field(place));
    };
    Row row{id(places.user), id(places.item), 0, 0, true};
    if (places.rating >= 0) {
      const auto rating = parse_number<double>(field(places.rating));
      if (!rating) throw wrong("a number as rating", places.rating);
      row.rating = *rating;
    }
    if (places.time >= 0) {
      const auto time = parse_moment(field(places.time));
      if (!time || dated.value_or(time->is_date) != time->is_date) {
        throw wrong(!dated   ? "a number or an ISO 8601 date or time"
                    : *dated ? "an ISO 8601 date or time, as in the rows before"
                             : "a number as time, as in the rows before",
                    places.time);
      }
      dated = time->is_date;
      row.time = time->in(1);
    }
    for (const auto& [place, filter] : places.filters) {
      try {
        row.kept = filter.keeps(field(place)) && row.kept;
      } catch (const std::invalid_argument& expected) {
        throw wrong(expected.what(), place);
      }
    }
    rows.push_back(row);
  }
  return {std::move(text), std::move(quoted), std::move(rows), dated};
}

void add(const Parsed& parsed, const Places& places, InteractionBuilder& out) {
  const auto given = [](bool is, auto value) { return is ? std::optional(value) : std::nullopt; };
  for (const Row& row : parsed.rows) {
    out.add(row.user, row.item, given(places.rating >= 0, row.rating), given(places.time >= 0, row.time),
            given(!places.filters.empty(), row.kept));
  }
}

}  // namespace

void read_rows(TextSource& text, const FieldSplitter& splitter, const Places& places, InteractionBuilder& out) {
  const std::size_t ahead = 2 * std::clamp(std::thread::hardware_concurrency(), 1u, 16u) + 2;
  std::optional<bool> dated;
  std::deque<std::future<Parsed>> parsed;
  std::exception_ptr unread;  // comes after what is wrong in the lines before
  for (bool more = true; more || !parsed.empty();) {
    while (more && parsed.size() < (text.waits() ? 1 : ahead)) {  // what is there is looked at before waiting
      std::optional<TextSource> lines;
      try {
        lines = text.take_lines();
      } catch (const DataError&) {
        unread = std::current_exception();
      }
      if (!(more = lines.has_value())) break;
      const bool first = places.time >= 0 && !dated;  // times after it are of its kind
      const bool here = first || lines->lines_taken() < kWorthAThread;
      parsed.push_back(std::async(here ? std::launch::deferred : std::launch::async | std::launch::deferred, parse,
                                  std::move(*lines), splitter, std::cref(places), dated));
      if (here) break;
    }
    if (parsed.empty()) break;
    const Parsed next = parsed.front().get();
    parsed.pop_front();
    if (next.dated) dated = next.dated;
    add(next, places, out);
  }
  if (unread) std::rethrow_exception(unread);
  if (dated.value_or(false)) out.times_are_dates();
}

}  // namespace recvae::data
