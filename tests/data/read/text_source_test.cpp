#include "data/read/text_source.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "../../support/temp_dir.h"
#include "../support.h"
#include "data/error.h"

using recvae::data::TextSource;
using recvae::test::error_of;
using recvae::test::gzipped;
using recvae::test::TempDir;
using Lines = std::vector<std::string>;

namespace {

Lines all_lines(TextSource text) {
  Lines lines;
  std::string_view line;
  const std::int64_t before = text.line();
  while (text.next(line)) {
    lines.emplace_back(line);
    CHECK(text.line() == before + static_cast<std::int64_t>(lines.size()));
  }
  CHECK_FALSE(text.next(line));
  return lines;
}

Lines lines_of(const std::string& content) { return all_lines(TextSource::from_text(content, "text")); }

/// A pipe into which text is written as it comes.
struct Pipe {
  int ends[2];
  Pipe() { REQUIRE(pipe(ends) == 0); }
  ~Pipe() {
    close(ends[0]);
    finish();
  }
  void put(const std::string& text) { REQUIRE(write(ends[1], text.data(), text.size()) == ssize_t(text.size())); }
  void finish() {
    if (ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }
};

}  // namespace

TEST_CASE("lines, whatever their ends") {
  CHECK(lines_of("").empty());
  CHECK(lines_of("a\nb") == Lines{"a", "b"});
  CHECK(lines_of("a\n\nb\n") == Lines{"a", "", "b"});
  CHECK(lines_of("\xef\xbb\xbf"
                 "a\r\nb\r\n") == Lines{"a", "b"});
  CHECK(lines_of("a\n\xef\xbb\xbf"
                 "b") == Lines{"a",
                               "\xef\xbb\xbf"
                               "b"});
}

TEST_CASE("lines longer than a block, from a file, gzip or not") {
  TempDir dir;
  Lines expected;
  std::string content;
  for (int k = 0; k < 300; ++k) {
    expected.push_back(
        std::string(static_cast<std::size_t>(k == 7 ? 3000000 : 17 * k), static_cast<char>('a' + k % 26)));
    content += expected.back() + "\n";
  }
  CHECK(all_lines(TextSource::from_file(dir.write("plain", content))) == expected);
  CHECK(all_lines(TextSource::from_file(dir.write("packed", gzipped(content)))) == expected);
  CHECK(lines_of(gzipped(content)) == expected);
}

TEST_CASE("gzip members one after another") {
  CHECK(lines_of(gzipped("a\nb") + gzipped("c\n") + gzipped("") + gzipped("d")) == Lines{"a", "bc", "d"});
}

TEST_CASE("damage is an error") {
  TempDir dir;
  const auto read = [&](const std::string& content) {
    const std::string path = dir.write("f", content);
    const std::string error = error_of([&] { all_lines(TextSource::from_file(path)); });
    return error.starts_with(path) ? error.substr(path.size()) : error;
  };
  CHECK(read(std::string("a\nb\0c\n", 6)) == ":2: expected text, found a NUL byte");
  std::string packed = gzipped(recvae::test::some_table(300));
  for (const std::size_t size : {std::size_t{2}, std::size_t{11}, packed.size() / 2, packed.size() - 1}) {
    CHECK(read(packed.substr(0, size)) == ": expected more compressed data, found the end of the file");
  }
  packed[packed.size() - 5] ^= 1;
  CHECK(read(packed).starts_with(": expected gzip data, found damage"));
  CHECK(error_of([&] { TextSource::from_file(dir.path("none")); }) == dir.path("none") + ": No such file or directory");
  CHECK(error_of([&] { TextSource::from_file(dir.path()); }).ends_with("found a directory"));
}

TEST_CASE("gzip members may be padded with zeros; anything else behind them is damage") {
  const std::string packed = gzipped("a\nb\n");
  CHECK(lines_of(packed + std::string(1000, '\0')) == Lines{"a", "b"});
  CHECK(lines_of(packed + std::string(3, '\0') + packed) == Lines{"a", "b", "a", "b"});
  CHECK(error_of([&] { lines_of(packed + "rest"); }) == "text: expected gzip data, found damage");
}

TEST_CASE("a line is given as soon as it is there") {
  for (const bool packed : {false, true}) {
    Pipe pipe;
    TextSource text = TextSource::from_descriptor(pipe.ends[0], "pipe");
    std::string_view line;
    pipe.put(packed ? gzipped("a\nb\nc") : "a\nb\nc");
    CHECK_FALSE(text.buffered());
    REQUIRE(text.next(line));
    CHECK(line == "a");
    CHECK(text.buffered());
    REQUIRE(text.next(line));
    CHECK(line == "b");
    CHECK_FALSE(text.buffered());
    pipe.put(packed ? gzipped("d\ne") : "d\ne");
    REQUIRE(text.next(line));
    CHECK(line == "cd");
    pipe.finish();
    REQUIRE(text.next(line));
    CHECK(line == "e");
    CHECK_FALSE(text.buffered());
    CHECK_FALSE(text.next(line));
  }
}

TEST_CASE("lines that are taken are whole, keep their numbers, and are those that are there") {
  Pipe pipe;
  TextSource text = TextSource::from_descriptor(pipe.ends[0], "pipe");
  CHECK(text.waits());
  pipe.put("head\na\n\nb");
  CHECK_FALSE(text.waits());
  std::string_view line;
  REQUIRE(text.next(line));
  std::optional<TextSource> lines = text.take_lines();
  REQUIRE(lines);
  CHECK(lines->lines_taken() == 2);
  CHECK(all_lines(std::move(*lines)) == Lines{"a", ""});
  pipe.put("c\nd");
  lines = text.take_lines();
  REQUIRE(lines);
  REQUIRE(lines->next(line));
  CHECK(line == "bc");
  CHECK(lines->line() == 4);
  CHECK(text.line() == 4);
  CHECK_FALSE(lines->next(line));
  pipe.finish();
  lines = text.take_lines();
  REQUIRE(lines);
  CHECK(all_lines(std::move(*lines)) == Lines{"d"});
  CHECK_FALSE(text.take_lines());
  CHECK_FALSE(text.waits());
}

TEST_CASE("the first bytes come one by one") {
  for (const std::string& content : {gzipped("a\n"), std::string("a\n"), std::string("\x1f\n")}) {
    Pipe pipe;
    std::size_t sent = 0;
    const auto stop = [&] {  // is asked before each wait
      if (sent < content.size()) pipe.put(content.substr(sent++, 1));
      if (sent == content.size()) pipe.finish();
      return false;
    };
    CHECK(all_lines(TextSource::from_descriptor(pipe.ends[0], "pipe", {stop, {}, {}})).size() == 1);
  }
}

TEST_CASE("a stream can be stopped, and its end is told") {
  Pipe pipe;
  pipe.put("a\nb");
  bool stopped = false;
  std::int64_t bytes = 0;
  TextSource text =
      TextSource::from_descriptor(pipe.ends[0], "pipe", {[&] { return stopped; }, [&](auto n) { bytes += n; }, {}});
  std::string_view line;
  REQUIRE(text.next(line));
  stopped = true;
  CHECK_THROWS_AS(text.next(line), recvae::data::Stopped);
  stopped = false;
  pipe.finish();
  REQUIRE(text.next(line));
  CHECK(line == "b");
  CHECK_FALSE(text.next(line));
  CHECK(bytes == 3);
}

TEST_CASE("a line is 256 MiB at most") {
  TempDir dir;
  const std::string path = dir.write("long", "a\n");
  std::filesystem::resize_file(path, (std::size_t{1} << 28) + 10);
  CHECK(error_of([&] { all_lines(TextSource::from_file(path)); }) ==
        path + ":2: expected a line of at most 256 MiB, found a longer one");
}
