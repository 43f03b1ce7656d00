#include "data/read/rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "../support.h"
#include "data/error.h"

using namespace recvae::data;
using recvae::test::error_of;
using recvae::test::pairs;

namespace {

const Places all_places{4, 0, 1, 2, 3, {}};

Interactions rows_of(const std::string& text, const Places& places = all_places) {
  TextSource source = TextSource::from_text(text, "f");
  InteractionBuilder builder;
  read_rows(source, FieldSplitter(",", true), places, builder);
  return builder.take();
}

/// Rows of several MiB, so that there are many blocks; one without an id, some with quotes.
std::string line(int k) {
  const std::string user = k % 11 == 3  ? ""
                           : k % 5 == 0 ? "\"u," + std::to_string(k / 3 % 500) + "\""
                                        : std::to_string(k / 3 % 500);
  return user + "," + std::string(static_cast<std::size_t>(k % 40), 'x') + std::to_string(k % 700) + "," +
         std::to_string(k % 9) + ".5," + std::to_string(k) + "\n";
}
constexpr int kLines = 200'000;
std::string many_lines() {
  std::string text;
  for (int k = 0; k < kLines; ++k) text += line(k);
  return text;
}

}  // namespace

TEST_CASE("rows that are parsed in blocks are those of one line after another") {
  const std::string text = many_lines();
  REQUIRE(text.size() > 5u << 20);
  InteractionBuilder builder;
  for (int k = 0; k < kLines; ++k) {
    FieldSplitter splitter(",", true);
    const std::string own = line(k);
    const auto& fields = splitter.split(std::string_view(own).substr(0, own.size() - 1));
    builder.add(fields[0], fields[1], k % 9 + 0.5, k);
  }
  const Interactions expected = builder.take(), found = rows_of(text);
  CHECK(pairs(found) == pairs(expected));
  CHECK(found.ratings == expected.ratings);
  CHECK(found.times == expected.times);
  CHECK(found.kept.empty());
  CHECK(found.rows_read == kLines);
  CHECK(found.dropped.unreadable == expected.dropped.unreadable);
  CHECK(!found.dated);
}

TEST_CASE("of all that is wrong the first line is named, whichever block is done first") {
  std::string text = many_lines();
  const std::size_t middle = text.find('\n', text.size() / 2) + 1, late = text.find('\n', text.size() / 10 * 9) + 1;
  const auto number = [&](std::size_t at) {
    return std::to_string(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1);
  };
  const std::string at_middle = "f:" + number(middle);
  text.insert(late, "a,b\n");
  text.insert(middle, "a,b,good,1\n");
  CHECK(error_of([&] { rows_of(text); }) == at_middle + ": expected a number as rating, found 'good'");
  text.replace(middle, 10, "a,b,1,2020");  // the numeric times before it say what a time is
  text.insert(middle + 10, "-01-01");
  CHECK(error_of([&] { rows_of(text); }) ==
        at_middle + ": expected a number as time, as in the rows before, found '2020-01-01'");
  text.insert(middle, std::string("a\0,b,1,1\n", 9));
  CHECK(error_of([&] { rows_of(text); }) == at_middle + ": expected text, found a NUL byte");
}

TEST_CASE("dates remain dates beyond the first block, and blank lines are no rows") {
  std::string text = std::string(3u << 20, '\n');
  for (int k = 0; k < 100'000; ++k) text += "a,b,1,2024-01-31\n";
  const Interactions rows = rows_of(text);
  CHECK(rows.dated);
  CHECK(rows.rows() == 100'000);
  CHECK(error_of([&] { rows_of(text + "a,b,1,5\n"); }) ==
        "f:" + std::to_string((3 << 20) + 100'001) +
            ": expected an ISO 8601 date or time, as in the rows before, found '5'");
}

TEST_CASE("ids longer than a block are whole") {
  const std::string long_name(3u << 20, 'a');
  std::string text;
  for (int k = 0; k < 10; ++k) text += long_name + std::to_string(k % 2) + ",x,1,1\n";
  CHECK(rows_of(text).user_tokens == std::vector{long_name + "0", long_name + "1"});
}
