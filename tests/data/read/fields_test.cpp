#include "data/read/fields.h"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace recvae::data;
using Fields = std::vector<std::string_view>;

TEST_CASE("fields") {
  FieldSplitter plain(",", false), csv(",", true), dat("::", true);
  CHECK(plain.split("a,\"b,c") == Fields{"a", "\"b", "c"});
  CHECK(plain.split("") == Fields{""});
  CHECK(plain.split(",") == Fields{"", ""});
  CHECK(dat.split("1::2:3::\"4\"") == Fields{"1", "2:3", "4"});
  CHECK(csv.split("\"a,1\",b,\"\",\"say \"\"hi\"\"\"") == Fields{"a,1", "b", "", "say \"hi\""});
  CHECK(csv.split("a\"b,\"c\"") == Fields{"a\"b", "c"});
  CHECK(csv.split("\"a\",") == Fields{"a", ""});
  CHECK_THROWS_AS(csv.split("a,\"b"), std::invalid_argument);
  CHECK_THROWS_AS(csv.split("\"a\"b,c"), std::invalid_argument);
}
