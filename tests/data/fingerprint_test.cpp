#include "data/fingerprint.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "../support/temp_dir.h"
#include "support.h"

using namespace recvae::data;
using namespace recvae::test;

namespace {

Csr csr(std::int32_t cols, const std::vector<std::vector<std::int32_t>>& rows) {
  Csr out{cols};
  for (const auto& row : rows) out.append(row);
  return out;
}

/// The table's rows from the last to the first.
std::string reversed(const std::string& table) {
  std::istringstream in(table);
  std::string header, line;
  std::getline(in, header);
  std::vector<std::string> lines;
  while (std::getline(in, line)) lines.push_back(line + "\n");
  std::string out = header + "\n";
  for (auto it = lines.rbegin(); it != lines.rend(); ++it) out += *it;
  return out;
}

}  // namespace

TEST_CASE("fingerprint: the same pairs of tokens in any numbering, and no others") {
  const std::string one = fingerprint(csr(3, {{0, 2}, {1}}), {"u", "v"}, {"a", "b", "c"});
  CHECK(one.size() == 32);
  CHECK(one.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(one == fingerprint(csr(3, {{2}, {0, 1}}), {"v", "u"}, {"c", "a", "b"}));
  CHECK(one == fingerprint(csr(4, {{0, 2}, {}, {1}}), {"u", "w", "v"}, {"a", "b", "c", "d"}));  // without rows: none
  CHECK(one != fingerprint(csr(3, {{0, 2}, {2}}), {"u", "v"}, {"a", "b", "c"}));
  CHECK(one != fingerprint(csr(3, {{0, 2}}), {"u", "v"}, {"a", "b", "c"}));
  CHECK(one != fingerprint(csr(3, {{0, 2}, {1}}), {"u", "x"}, {"a", "b", "c"}));
  CHECK(fingerprint(csr(1, {{0}}), {"ab"}, {"c"}) != fingerprint(csr(1, {{0}}), {"a"}, {"bc"}));
  CHECK(fingerprint(csr(1, {{0}}), {"a"}, {"b"}) != fingerprint(csr(1, {{0}}), {"b"}, {"a"}));
  // Written into files, so it must never change.
  CHECK(fingerprint(csr(1, {{0}}), {"u"}, {"i"}) == "82dd83f8c651de1f93f422d38de3aaef");
}

TEST_CASE("fingerprint: of the training part, and of it with validation, for any order of the rows") {
  const TempDir dir;
  const std::string table = some_table(60), path = dir.write("a.csv", table),
                    other = dir.write("b.csv", reversed(table));
  DataOptions options = options_for(path);
  const Dataset strong = load(options), again = load(options_for(other));
  CHECK(strong.item_tokens != again.item_tokens);
  CHECK(fingerprint(strong) == fingerprint(again));
  CHECK(fingerprint(strong, true) == fingerprint(again, true));
  CHECK(fingerprint(strong) != fingerprint(strong, true));

  // Of a strong split: the rows of all users that are not test users.
  std::vector<std::string> users = strong.user_tokens;
  Csr rows = strong.train;
  for (std::int64_t u = 0; u < strong.validation.targets.rows(); ++u) {
    std::vector<std::int32_t> row = recvae::test::row(strong.validation.history, u);
    for (const std::int32_t item : strong.validation.targets.row(u)) row.push_back(item);
    std::sort(row.begin(), row.end());  // the authors draw repeated rows apart
    row.erase(std::unique(row.begin(), row.end()), row.end());
    rows.append(row);
    users.push_back(strong.validation.user_tokens[as_size(u)]);
  }
  CHECK(fingerprint(strong, true) == fingerprint(rows, users, strong.item_tokens));

  // Of a weak one: the rows of both parts.
  options.split = SplitKind::ratio;
  const Dataset weak = load(options);
  REQUIRE(weak.train_and_validation.rows() == weak.train.rows());
  CHECK(fingerprint(weak, true) == fingerprint(weak.train_and_validation, weak.user_tokens, weak.item_tokens));
  options.test_history = TestHistory::train;
  CHECK(fingerprint(load(options), true) == fingerprint(weak, true));
}
