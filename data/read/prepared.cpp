#include <cstdint>
#include <utility>

#include "../error.h"
#include "../number.h"
#include "fields.h"
#include "input.h"
#include "readers.h"

namespace recvae::data {
namespace {

/// A token per line.
std::vector<std::string> read_tokens(const std::string& path, const DataOptions& options) {
  TextSource text = open_file(path, options);
  Vocabulary tokens;
  std::string_view line;
  while (text.next(line)) {
    if (line.empty()) throw error_at(text.name(), text.line(), "an id", "an empty line");
    if (tokens.add(line) + 1 < text.line())
      throw error_at(text.name(), text.line(), "every id once", excerpt(line) + " again");
  }
  return std::move(tokens).take();
}

/// The largest uid of all files, and where it stands.
struct Largest {
  std::int32_t uid = -1;
  std::string path;
  std::int64_t line = 0;
};

/// `uid,sid` rows.
IndexedRows read_rows(const std::string& path, std::int64_t users, std::int64_t items, Largest& largest,
                      const DataOptions& options) {
  TextSource text = open_file(path, options);
  std::string_view line;
  if (!text.next(line)) throw DataError(path + ": expected the header uid,sid, found an empty file");
  FieldSplitter splitter(",", true);
  if (split_line(text, line, splitter) != std::vector<std::string_view>{"uid", "sid"}) {
    throw error_at(path, 1, "the header uid,sid", excerpt(line));
  }
  IndexedRows rows;
  const auto index = [&](std::string_view field, const char* name, std::int64_t limit) {
    const auto value = parse_index(field);
    if (value && *value < limit) return *value;
    throw error_at(path, text.line(), std::string("a ") + name + " from 0 to " + std::to_string(limit - 1),
                   excerpt(field));
  };
  while (const auto* fields = next_row(text, splitter, 2)) {
    const std::int32_t uid = index((*fields)[0], "uid", users);
    rows.add(uid, index((*fields)[1], "sid", items));
    if (uid > largest.uid) largest = {uid, path, text.line()};
  }
  return rows;
}

}  // namespace

StrongSplit read_prepared(const DataOptions& options) {
  const std::string& directory = options.path;
  const auto file = [&](const char* name) {
    const std::string path = find_file(directory, name);
    if (path.empty()) throw DataError(directory + ": expected a file " + name + ", found none");
    return path;
  };
  StrongSplit split;
  split.item_tokens = read_tokens(file("unique_sid.txt"), options);
  const std::string users_path = find_file(directory, "unique_uid.txt");
  if (!users_path.empty()) split.user_tokens = read_tokens(users_path, options);
  // An int32 holds the number of users, too.
  const auto users = users_path.empty() ? std::int64_t{INT32_MAX} : static_cast<std::int64_t>(split.user_tokens.size());
  const auto items = static_cast<std::int64_t>(split.item_tokens.size());
  Largest largest;
  split.train = read_rows(file("train.csv"), users, items, largest, options);
  if (split.train.size() == 0) throw DataError(file("train.csv") + ": expected interactions, found none");
  split.train_users = largest.uid + 1;
  split.rows_read = split.train.size();
  const std::pair<const char*, IndexedRows*> held_out[] = {{"validation_tr.csv", &split.validation_tr},
                                                           {"validation_te.csv", &split.validation_te},
                                                           {"test_tr.csv", &split.test_tr},
                                                           {"test_te.csv", &split.test_te}};
  for (const auto& [name, part] : held_out) {
    *part = read_rows(file(name), users, items, largest, options);
    split.rows_read += part->size();
  }
  if (!users_path.empty()) return split;
  // Users without rows there may be, but an index far beyond what the rows can be about is a mistake, and costly.
  const std::int64_t limit = 64 * split.rows_read + 1'000'000;
  if (largest.uid >= limit) {
    throw error_at(largest.path, largest.line, "a uid below " + std::to_string(limit) + " (there is no unique_uid.txt)",
                   std::to_string(largest.uid));
  }
  for (std::int32_t uid = 0; uid <= largest.uid; ++uid) split.user_tokens.push_back(std::to_string(uid));
  return split;
}

}  // namespace recvae::data
