#include "data/number.h"

#include <doctest/doctest.h>


#include <clocale>
#include <string>

using namespace recvae::data;

TEST_CASE("numbers") {
  CHECK(parse_number<double>("3.5") == 3.5);
  CHECK(parse_number<double>(" -2e3 ") == -2000);
  CHECK(parse_number<double>("+4") == 4);
  for (const char* wrong : {"", " ", "five", "3,5", "3.5x", "0x10", "nan", "inf", "1e999", "+-1", "- 1"}) {
    CHECK_FALSE(parse_number<double>(wrong));
  }
  if (std::setlocale(LC_NUMERIC, "de_DE.UTF-8")) CHECK(parse_number<double>("3.5") == 3.5);
  std::setlocale(LC_NUMERIC, "C");
  CHECK(parse_number<int>("-12") == -12);
  CHECK(parse_number<std::int64_t>("9007199254740993") == 9007199254740993);
  CHECK(parse_number<std::uint64_t>("18446744073709551615") == UINT64_MAX);
  CHECK_FALSE(parse_number<int>("4294967297"));  // 2^32 + 1
  CHECK_FALSE(parse_number<int>("1.0"));
  CHECK_FALSE(parse_number<std::uint64_t>("-1"));
}

TEST_CASE("indices") {
  CHECK(parse_index("0") == 0);
  CHECK(parse_index("007") == 7);
  CHECK(parse_index("2147483647") == 2147483647);
  for (const char* wrong : {"", "2147483648", "99999999999999999999", "-1", "-0", "+1", "1.0", "1 ", "x"}) {
    CHECK_FALSE(parse_index(wrong));
  }
}

TEST_CASE("moments: numbers, dates and ISO 8601 times") {
  CHECK(parse_moment("881250949")->value == 881250949);
  CHECK(parse_moment("-1.5")->value == -1.5);
  CHECK_FALSE(parse_moment("20200101")->is_date);
  CHECK(parse_moment("2020-02-29")->is_date);
  const auto seconds = [](const char* text) { return parse_moment(text).value().in(1); };
  CHECK(seconds("1970-01-02") == 86400);
  CHECK(seconds("1969-12-31") == -86400);
  CHECK(seconds("2020-02-29") == 18321 * 86400);
  for (const char* noon :
       {"2024-01-31T12:00:00", "2024-01-31 12:00:00", "2024-01-31T12:00:00Z", "2024-01-31T12:00",
        "2024-01-31 12:00:00 UTC", "2024-01-31T13:00:00+01:00", "2024-01-31T13:00:00.0+0100", "2024-01-31T06:30-05:30",
        "2024-02-01T02:00+14", "2024-01-31T11:59:60Z", " 2024-01-31t12:00:00z ", "2024-01-31 12:00:00 +00:00",
        "2024-01-31T12:00:00,0", "2024-01-31 13:00:00 +0100"}) {
    INFO(noon);
    CHECK(seconds(noon) == 1706702400);
    CHECK(parse_moment(noon)->is_date);
  }
  CHECK(seconds("2024-01-31T12:00:00.5+01:00") == 1706698800.5);
  CHECK(seconds("2024-01-31T12:00:00.123456789Z") == 1706702400.123456);
  CHECK(seconds("1969-12-31T23:59:59.75") == -0.25);
  CHECK(parse_moment("1970-01-01T00:00:01.5")->in(1e3) == 1500);
  CHECK(parse_moment("1970-01-01T00:00:01.5")->in(1e9) == 1.5e9);
  CHECK(parse_moment("15")->in(1e9) == 15);
  for (const char* wrong : {"",
                            "2021-02-29",
                            "2020-13-01",
                            "2020-00-10",
                            "2020-1-1",
                            "20-01-2020",
                            "2020/01/01",
                            "2020-01--1",
                            "yesterday",
                            "nan",
                            "2020-01-01T",
                            "2020-01-01T1",
                            "2020-01-01T24:00",
                            "2020-01-01T12:60",
                            "2020-01-01T12:00:61",
                            "2020-01-01T12:00.5",
                            "2020-01-01T12:00:00.",
                            "2020-01-01T12:00:00.5x",
                            "2020-01-01T12:00:00+",
                            "2020-01-01Z",
                            "2020-01-01T12:00:00+24:00",
                            "2020-01-01T12:00:00+01:0",
                            "2020-01-01T12:00:00+01:",
                            "2020-01-01_12:00"}) {
    INFO(wrong);
    CHECK_FALSE(parse_moment(wrong));
  }
}

TEST_CASE("short decimals are read as the nearest number, like all others") {
  for (const char* text :
       {"0", "5", "4.5", "0.1", "123456789012345", "1234567.12345", "0.00000000001", "3.141592653589", "00.5"})
    CHECK(parse_number<double>(text) == std::stod(text));
  for (const char* text : {".5", "5.", "-4.5", "1e3", "1234567890123456", "0.1234567890123456"})
    CHECK(parse_number<double>(text) == std::stod(text));
  for (const char* text : {".", "1.2.3", "1,5", "4.5x", ""}) CHECK_FALSE(parse_number<double>(text));
}
