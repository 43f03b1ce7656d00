#include "data/split/ratio.h"

#include <doctest/doctest.h>

#include <numeric>

#include "../support.h"

using namespace recvae::data;
using recvae::test::timed_rows;
using Sizes = std::vector<std::size_t>;

namespace {

/// `t`, `v` or `e` for every row.
std::string text_of(const std::vector<Part>& parts) {
  std::string text;
  for (const Part part : parts) text += part == Part::train ? 't' : part == Part::validation ? 'v' : 'e';
  return text;
}

std::vector<std::int64_t> file_order(const Interactions& rows) {
  std::vector<std::int64_t> order(rows.users.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  return order;
}

/// Rows of the users `a`, `b` and so on, in this order, each with an item of its own.
Interactions rows_of(const std::string& users) {
  InteractionBuilder builder;
  for (std::size_t k = 0; k < users.size(); ++k) builder.add(users.substr(k, 1), std::to_string(k));
  return builder.take();
}

std::string by_ratio(const std::string& users, const Ratios& ratios, bool by_user = true) {
  const Interactions rows = rows_of(users);
  return text_of(split_by_ratio(rows, file_order(rows), ratios, by_user));
}

}  // namespace

TEST_CASE("ratio: sizes, with the top-up of small groups") {
  const auto sizes = [](std::size_t n, const Ratios& ratios = {0.8, 0.1, 0.1}) {
    Sizes out(3);
    for (const char part : by_ratio(std::string(n, 'a'), ratios)) ++out[part == 't' ? 0 : part == 'v' ? 1 : 2];
    return out;
  };
  CHECK(sizes(1) == Sizes{1, 0, 0});
  CHECK(sizes(2) == Sizes{1, 0, 1});  // test before validation
  CHECK(sizes(3) == Sizes{1, 1, 1});
  CHECK(sizes(5) == Sizes{3, 1, 1});
  CHECK(sizes(10) == Sizes{8, 1, 1});
  CHECK(sizes(19) == Sizes{17, 1, 1});
  CHECK(sizes(20) == Sizes{16, 2, 2});
  CHECK(sizes(20, {8, 1, 1}) == Sizes{16, 2, 2});
  CHECK(sizes(5, {0.9, 0, 0.1}) == Sizes{4, 0, 1});
  CHECK(sizes(5, {1, 0, 0}) == Sizes{5, 0, 0});
  CHECK(sizes(10, {0.7, 0.2, 0.1}) == Sizes{7, 2, 1});
  CHECK(sizes(2, {1e-20, 1, 1}) == Sizes{0, 1, 1});  // nothing is left to train on, and nothing is invented
}

TEST_CASE("ratio: each user's rows by themselves, or all together") {
  CHECK(by_ratio("aababbc", {0.8, 0.1, 0.1}) == "tvtevet");
  CHECK(by_ratio("aababbcaab", {0.8, 0.1, 0.1}, false) == "ttttttttve");
  CHECK(by_ratio("abcdefghij", {0.8, 0.1, 0.1}) == "tttttttttt");
}

TEST_CASE("the order says which rows come last") {
  const Interactions rows = rows_of("ababab");
  const std::vector<std::int64_t> order{5, 4, 0, 1, 3, 2};  // a: 4 0 2; b: 5 1 3
  CHECK(text_of(split_by_ratio(rows, order, {0.8, 0.1, 0.1})) == "vveett");
  CHECK(text_of(split_by_ratio(rows, order, {0.8, 0.1, 0.1}, false)) == "ttevtt");
  CHECK(text_of(leave_one_out(rows, order)) == "vveett");
}

TEST_CASE("by time, equal times in file order") {
  const Interactions rows = timed_rows({{"a", "p", 5}, {"a", "q", 1}, {"a", "r", 5}, {"a", "s", -2}, {"a", "t", 1.5}});
  CHECK(time_order(rows) == std::vector<std::int64_t>{3, 1, 4, 0, 2});
  CHECK(text_of(leave_one_out(rows, time_order(rows))) == "vtett");
}

TEST_CASE("leave one out: users of one, two and three rows") {
  const Interactions rows = rows_of("abbcccdddd");
  CHECK(text_of(leave_one_out(rows, file_order(rows))) == "ttetvettve");
}
