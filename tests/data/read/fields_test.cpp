#include "data/read/fields.h"

#include <doctest/doctest.h>

#include <clocale>
#include <stdexcept>

using namespace recvae::data;
using Fields = std::vector<std::string_view>;

TEST_CASE("numbers") {
  CHECK(parse_number("3.5") == 3.5);
  CHECK(parse_number(" -2e3 ") == -2000);
  CHECK(parse_number("+4") == 4);
  for (const char* wrong : {"", " ", "five", "3,5", "3.5x", "0x10", "nan", "inf", "1e999", "+-1", "- 1"}) {
    CHECK_FALSE(parse_number(wrong));
  }
  if (std::setlocale(LC_NUMERIC, "de_DE.UTF-8")) CHECK(parse_number("3.5") == 3.5);
  std::setlocale(LC_NUMERIC, "C");
}

TEST_CASE("indices") {
  CHECK(parse_index("0") == 0);
  CHECK(parse_index("007") == 7);
  CHECK(parse_index("2147483647") == 2147483647);
  for (const char* wrong : {"", "2147483648", "99999999999999999999", "-1", "-0", "+1", "1.0", "1 ", "x"}) {
    CHECK_FALSE(parse_index(wrong));
  }
}

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
