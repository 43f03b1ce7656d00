#include "data/split/weak.h"

#include <doctest/doctest.h>

#include "../support.h"

using namespace recvae::data;
using recvae::test::pairs;
using recvae::test::row;
using recvae::test::timed_rows;
using Tokens = std::vector<std::string>;

namespace {

WeakSplit some_split() {
  return make_weak_split(
      timed_rows({{"a", "x", 1}, {"b", "y", 2}, {"c", "z", 3}, {"b", "x", 4}, {"d", "y", 5}, {"a", "w", 6}}),
      {Part::test, Part::train, Part::validation, Part::train, Part::test, Part::validation});
}

}  // namespace

TEST_CASE("train, validation, test, in file order; indices as they appear there") {
  const WeakSplit split = some_split();
  CHECK(pairs(split.rows) == Tokens{"b:y", "b:x", "c:z", "a:w", "a:x", "d:y"});
  CHECK(split.rows.user_tokens == Tokens{"b", "c", "a", "d"});
  CHECK(split.rows.item_tokens == Tokens{"y", "x", "z", "w"});
  CHECK(split.rows.times == std::vector<double>{2, 4, 3, 6, 1, 5});
  CHECK(split.rows.ratings.empty());
  CHECK(split.train_end == 2);
  CHECK(split.valid_end == 4);
  CHECK(split.train_users == 1);
  CHECK(split.rows.rows_read == 6);
}

TEST_CASE("users of validation and test: those with a row there, without a history too") {
  const Dataset dataset = make_dataset(some_split(), {});
  CHECK_FALSE(dataset.strong);
  CHECK(dataset.user_tokens == Tokens{"b"});
  CHECK(dataset.validation.user_tokens == Tokens{"c", "a"});
  CHECK(row(dataset.validation.history, 1).empty());
  CHECK(dataset.test.user_tokens == Tokens{"a", "d"});
  CHECK(row(dataset.test.history, 0) == std::vector{3});
  CHECK(row(dataset.test.history, 1).empty());
  CHECK(dataset.test.masked.rows() == 0);
  CHECK(dataset.validation.masked.rows() == 0);
}

TEST_CASE("test_history train: validation items are masked, not shown, and baselines do not learn from them") {
  DataOptions options;
  options.test_history = TestHistory::train;
  const Dataset dataset = make_dataset(some_split(), options);
  CHECK(dataset.validation.user_tokens == Tokens{"c", "a"});
  CHECK(dataset.validation.masked.rows() == 0);
  CHECK(dataset.test.user_tokens == Tokens{"a", "d"});
  CHECK(dataset.test.history.nnz() == 0);
  CHECK(dataset.test.masked.cols == 4);
  CHECK(dataset.test.masked.rows() == 2);
  CHECK(row(dataset.test.masked, 0) == std::vector{3});
  CHECK(row(dataset.test.masked, 1).empty());
  CHECK(dataset.train_and_validation.rows() == 0);
  CHECK(&dataset.baseline_rows(true) == &dataset.train);
  CHECK(dataset.summary.duplicates == 0);
}

TEST_CASE("no validation rows are no files without validation") {
  const WeakSplit split =
      make_weak_split(timed_rows({{"a", "x", 1}, {"a", "y", 2}}), std::vector{Part::train, Part::train});
  const Dataset dataset = make_dataset(split, {});
  CHECK(dataset.train.nnz() == 2);
  CHECK(dataset.validation.user_tokens.empty());
  CHECK(dataset.test.user_tokens.empty());
}
