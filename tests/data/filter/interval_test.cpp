#include "data/filter/interval.h"

#include <limits>
#include <stdexcept>

#include "../support.h"

using namespace recvae::data;

namespace {

template <class Parse>
std::string expected_by(Parse parse) {
  try {
    parse();
  } catch (const std::invalid_argument& expected) {
    return expected.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("intervals: open and closed ends, infinity, several") {
  const auto contains = [](const char* text, double x) { return Intervals::parse(text).contains(x); };
  CHECK(contains("[4,inf)", 4));
  CHECK_FALSE(contains("(4,inf)", 4));
  CHECK(contains("(4,inf)", 4.0001));
  CHECK(contains("(-inf, 3]", 3));
  CHECK_FALSE(contains("[1,3)", 3));
  CHECK(contains("[1,1]", 1));
  CHECK(contains("[0,1] ; (4.5,5]", 5));
  CHECK_FALSE(contains("[0,1];(4.5,5]", 4.5));
  CHECK_FALSE(contains("[-inf,inf]", std::numeric_limits<double>::quiet_NaN()));
}

TEST_CASE("intervals that are none, or hold nothing") {
  for (const char* text : {"", "4", "[4]", "[4,inf", "4,inf)", "[a,b]", "[1,2,3]", "[,2]", "[1,2];", ";[1,2]",
                           "[nan,2]", "[1;2]", "]1,2[", "[1,2] [3,4]"}) {
    CHECK(expected_by([&] { Intervals::parse(text); }) == "intervals such as [4,inf) or (0,1];[3,3]");
  }
  for (const char* text : {"[2,1]", "(1,1]", "[1,1)", "[inf,-inf]"})
    CHECK(expected_by([&] { Intervals::parse(text); }) == "an interval from a lower to a higher number");
}

TEST_CASE("conditions on columns") {
  const auto filters = parse_field_filters("{'rating': '[4,inf)', 'tag': ['a', 7]}");
  REQUIRE(filters.size() == 2);
  CHECK(filters[0].keeps(" 4.0"));
  CHECK_FALSE(filters[0].keeps("3.9"));
  CHECK_FALSE(filters[0].keeps(""));
  CHECK(expected_by([&] { filters[0].keeps("x"); }) == "a number as rating");
  CHECK(filters[1].keeps("7"));
  CHECK_FALSE(filters[1].keeps("7.0"));
  CHECK(parse_field_filters("").empty());
  for (const char* text : {"[4,inf)", "{'rating': '4'}", "{'rating': {'a': 1}}", "{'rating': [[1]]}", "{'rating'}"})
    CHECK(expected_by([&] { parse_field_filters(text); }) != "no error");
}
