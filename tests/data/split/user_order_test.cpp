#include "data/split/strong.h"

#include <doctest/doctest.h>

using Tokens = std::vector<std::string>;

namespace {

Tokens sorted(const Tokens& tokens) {
  Tokens out;
  for (const auto k : recvae::data::sorted_order(tokens)) out.push_back(tokens[static_cast<std::size_t>(k)]);
  return out;
}

}  // namespace

TEST_CASE("integers by value, equal ones by bytes") {
  CHECK(sorted({"10", "9", "-3", "007", "-20", "7", "0", "-0"}) ==
        Tokens{"-20", "-3", "-0", "0", "007", "7", "9", "10"});
  CHECK(sorted({"99999999999999999999999", "100000000000000000000000", "5"}) ==
        Tokens{"5", "99999999999999999999999", "100000000000000000000000"});
}

TEST_CASE("anything else by bytes") {
  CHECK(sorted({"10", "9", "x"}) == Tokens{"10", "9", "x"});
  CHECK(sorted({"10", "9", "1.5"}) == Tokens{"1.5", "10", "9"});
  CHECK(sorted({"10", "9", "+1"}) == Tokens{"+1", "10", "9"});
  CHECK(sorted({"10", "9", "-"}) == Tokens{"-", "10", "9"});
  CHECK(sorted({"z", "\xc3\xa9", "a"}) == Tokens{"a", "z", "\xc3\xa9"});
}
