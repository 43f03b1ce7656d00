#include <algorithm>

#include "error.h"
#include "fields.h"
#include "input.h"
#include "readers.h"

namespace recvae::data {
namespace {

/// A token per line.
std::vector<std::string> read_tokens(const std::string& path) {
  TextSource text = TextSource::from_file(path);
  Vocabulary tokens;
  std::string_view line;
  while (text.next(line)) {
    if (line.empty()) throw error_at(text.name(), text.line(), "an id", "an empty line");
    if (tokens.add(line) + 1 < text.line())
      throw error_at(text.name(), text.line(), "every id once", excerpt(line) + " again");
  }
  return std::move(tokens).take();
}

/// `uid,sid` rows. `users` < 0: the number of users is not known.
IndexedRows read_rows(const std::string& path, std::int64_t users, std::int64_t items) {
  TextSource text = TextSource::from_file(path);
  std::string_view line;
  if (!text.next(line)) throw DataError(path + ": expected the header uid,sid, found an empty file");
  if (line != "uid,sid" && line != "\"uid\",\"sid\"") throw error_at(path, 1, "the header uid,sid", excerpt(line));
  IndexedRows rows;
  const auto index = [&](std::string_view field, const char* name, std::int64_t limit) {
    const auto value = parse_index(field);
    if (value && (limit < 0 || *value < limit)) return *value;
    const std::int64_t largest = (limit < 0 ? std::int64_t{1} << 31 : limit) - 1;
    throw error_at(path, text.line(), std::string("a ") + name + " from 0 to " + std::to_string(largest),
                   excerpt(field));
  };
  while (text.next(line)) {
    if (line.empty()) continue;
    const auto comma = line.find(',');
    if (comma == std::string_view::npos || line.find(',', comma + 1) != std::string_view::npos) {
      const auto commas = std::count(line.begin(), line.end(), ',');
      throw error_at(path, text.line(), "2 columns", std::to_string(commas + 1));
    }
    const auto unquoted = [](std::string_view field) {
      return field.size() > 2 && field.starts_with('"') && field.ends_with('"') ? field.substr(1, field.size() - 2)
                                                                                : field;
    };
    const std::int32_t uid = index(unquoted(line.substr(0, comma)), "uid", users);
    rows.add(uid, index(unquoted(line.substr(comma + 1)), "sid", items));
  }
  return rows;
}

}  // namespace

StrongSplit read_prepared(const std::string& directory) {
  const auto file = [&](const char* name) {
    const std::string path = find_file(directory, name);
    if (path.empty()) throw DataError(directory + ": expected a file " + name + ", found none");
    return path;
  };
  StrongSplit split;
  split.item_tokens = read_tokens(file("unique_sid.txt"));
  const std::string users_path = find_file(directory, "unique_uid.txt");
  if (!users_path.empty()) split.user_tokens = read_tokens(users_path);
  const std::int64_t users = users_path.empty() ? -1 : static_cast<std::int64_t>(split.user_tokens.size());
  const auto items = static_cast<std::int64_t>(split.item_tokens.size());
  split.train = read_rows(file("train.csv"), users, items);
  split.validation_tr = read_rows(file("validation_tr.csv"), users, items);
  split.validation_te = read_rows(file("validation_te.csv"), users, items);
  split.test_tr = read_rows(file("test_tr.csv"), users, items);
  split.test_te = read_rows(file("test_te.csv"), users, items);
  if (split.train.size() == 0) throw DataError(file("train.csv") + ": expected interactions, found none");

  std::int32_t largest = -1;
  for (const std::int32_t uid : split.train.uid) largest = std::max(largest, uid);
  split.train_users = largest + 1;
  if (users < 0) {
    for (const auto* rows : {&split.validation_tr, &split.validation_te, &split.test_tr, &split.test_te}) {
      for (const std::int32_t uid : rows->uid) largest = std::max(largest, uid);
    }
    for (std::int64_t uid = 0; uid <= largest; ++uid) split.user_tokens.push_back(std::to_string(uid));
  }
  return split;
}

}  // namespace recvae::data
