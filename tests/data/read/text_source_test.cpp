#include "data/read/text_source.h"

#include <doctest/doctest.h>

#include "../../support/temp_dir.h"
#include "../support.h"

using recvae::data::TextSource;
using recvae::test::error_of;
using recvae::test::gzipped;
using recvae::test::TempDir;
using Lines = std::vector<std::string>;

namespace {

Lines all_lines(TextSource text) {
  Lines lines;
  std::string_view line;
  while (text.next(line)) {
    lines.emplace_back(line);
    CHECK(text.line() == static_cast<std::int64_t>(lines.size()));
  }
  CHECK_FALSE(text.next(line));
  return lines;
}

Lines lines_of(const std::string& content) { return all_lines(TextSource::from_text(content, "text")); }

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
