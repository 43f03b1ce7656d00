#include "data/split/time.h"

#include <doctest/doctest.h>

#include "../support.h"
#include "data/error.h"

using namespace recvae::data;
using recvae::test::error_of;
using recvae::test::timed_rows;
using Tokens = std::vector<std::string>;

namespace {

/// `uid:item` of every row.
Tokens rows_of(const StrongSplit& split, const IndexedRows& part) {
  Tokens out;
  for (std::size_t k = 0; k < part.uid.size(); ++k) {
    out.push_back(split.user_tokens[as_size(part.uid[k])] + ":" + split.item_tokens[as_size(part.sid[k])]);
  }
  return out;
}

}  // namespace

TEST_CASE("dates are of the unit that rows before them have") {
  const auto at = [](std::vector<double> times, std::string valid_from = "2001-09-09", bool dated = false) {
    Interactions rows;
    rows.times = std::move(times);
    rows.dated = dated;
    return boundaries(valid_from, "2024-02-01", rows);
  };
  const double second = 999993600;  // 2001-09-09
  for (const double unit : {1.0, 1e3, 1e6, 1e9}) {
    CAPTURE(unit);
    CHECK(at({second * unit - unit}).valid_from == second * unit);
    CHECK(at({0, 1, second * unit - unit, 2 * second * unit}).valid_from == second * unit);  // a missing time may be 0
    CHECK(at({second * unit - unit, 1e18 * 9}).valid_from == second * unit);  // a time that is no time, later
    CHECK(at({second * unit}).valid_from == second);                          // nothing before: nobody says
  }
  CHECK(at({second, 1e3 * second - 5, 1e3 * second - 6}).valid_from == 1e3 * second);  // one in seconds among others
  CHECK(at({1, second - 1, 253402214400}).valid_from == second);  // the year 9999 in seconds, no milliseconds
  CHECK(at({253402214400}, "2001-09-09", true).valid_from == second);
  CHECK(at({1e9, 1e12}, "2001-09-09", true).valid_from == second);  // dates are seconds, whatever their size
  CHECK(at({-1e8 * 1e3}, "1960-01-01").valid_from == -315619200);
  CHECK(at({5}, "864000").test_from == 1706745600);
  CHECK(at({1.6e12}, "864000").test_from == 1706745600e3);
  CHECK(error_of([&] { at({1e9}, "1706745601"); }) ==
        "--valid_from: expected a moment that, in the data's unit of time, is not after --test_from 2024-02-01, found "
        "1706745601");
  CHECK(at({1.6e12}, "1706745601").valid_from == 1706745601);
  const auto exact = [&](double earlier) { return at({earlier}, "2024-01-31T12:00:00.123").valid_from; };
  CHECK(exact(1.6e9) == 1706702400.123);
  CHECK(exact(1.6e12) == 1706702400123);
  CHECK(exact(1.6e15) == 1706702400123000);
  CHECK(exact(1.6e18) == 1706702400123000000);
}

TEST_CASE("weak: the boundary's moment belongs to the later part") {
  const Interactions rows =
      timed_rows({{"a", "x", 9.5}, {"a", "y", 10}, {"b", "x", 20}, {"b", "z", 19}, {"c", "x", -3}});
  CHECK(split_by_time(rows, {10, 20}) ==
        std::vector{Part::train, Part::validation, Part::test, Part::validation, Part::train});
  CHECK(split_by_time(rows, {10, 10}) == std::vector{Part::train, Part::test, Part::test, Part::test, Part::train});
}

TEST_CASE("strong: users by their first row, without rows of a later part, items of training rows") {
  const StrongSplit split = split_by_first_time(timed_rows({{"10", "y", 1},
                                                            {"9", "x", 9},
                                                            {"10", "late", 10},  // in validation's time
                                                            {"7", "x", 10},
                                                            {"7", "late", 11},  // no item of training
                                                            {"7", "y", 20},     // in test's time
                                                            {"8", "x", 25},
                                                            {"8", "y", 20},
                                                            {"6", "late", 30},
                                                            {"10", "x", 2}}),
                                                {10, 20});
  CHECK(split.user_tokens == Tokens{"9", "10", "7", "6", "8"});
  CHECK(split.train_users == 2);
  CHECK(split.item_tokens == Tokens{"y", "x"});
  CHECK(rows_of(split, split.train) == Tokens{"10:y", "9:x", "10:x"});
  CHECK(rows_of(split, split.validation_tr) == Tokens{"7:x"});
  CHECK(rows_of(split, split.test_tr) == Tokens{"8:x", "8:y"});
  CHECK(split.validation_te.size() == 0);
  CHECK(split.test_te.size() == 0);
  CHECK(split.rows_read == 10);
  CHECK(make_dataset(split).test.user_tokens == Tokens{"8"});
}

TEST_CASE("strong: the latest fifth, rounded down, is the target") {
  InteractionBuilder builder;
  for (int item = 0; item < 10; ++item) builder.add("0", std::to_string(item), {}, 0);
  for (const int size : {4, 5, 9, 10}) {
    for (int item = 0; item < size; ++item) {  // item 1 is the latest, and 2 and 3 come before it, at one time
      const double time = item == 1 ? 20 : item == 2 || item == 3 ? 15 : 12;
      builder.add(std::to_string(size), std::to_string(item), {}, time);
    }
  }
  const StrongSplit split = split_by_first_time(builder.take(), {10, 10});
  CHECK(split.user_tokens == Tokens{"0", "4", "5", "9", "10"});
  CHECK(split.validation_tr.size() == 0);
  CHECK(rows_of(split, split.test_te) == Tokens{"5:1", "9:1", "10:1", "10:3"});
  CHECK(split.test_tr.size() == 4 + 4 + 8 + 8);
  CHECK(rows_of(split, split.test_tr)[5] == "5:2");
}
