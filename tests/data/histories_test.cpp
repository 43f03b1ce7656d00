#include "data/histories.h"

#include <doctest/doctest.h>

#include "../support/temp_dir.h"
#include "support.h"

using namespace recvae::data;
using namespace recvae::test;
using Tokens = std::vector<std::string>;

TEST_CASE("histories of all users, in the items of a model") {
  TempDir dir;
  const std::string path =
      dir.write("h.csv", "userId,movieId,rating\nb,y,5\na,x,5\nb,x,4\na,new,5\nc,new,5\nc,other,1\n");
  const Histories all = read_histories(options_for(path), {"x", "y", "z"});
  CHECK(all.user_tokens == Tokens{"b", "a", "c"});
  CHECK(all.history.cols == 3);
  CHECK(row(all.history, 0) == std::vector{0, 1});
  CHECK(row(all.history, 1) == std::vector{0});
  CHECK(row(all.history, 2).empty());
  CHECK(all.seen == all.history);
  CHECK(all.unknown_items == Tokens{"new", "other"});
  CHECK(all.unknown_rows == 3);

  DataOptions options = options_for(path);
  options.min_items_per_user = 2;
  options.threshold = 4;
  const Histories filtered = read_histories(options, {"x", "y", "z"});
  CHECK(filtered.user_tokens == all.user_tokens);  // b and c have lost their rows, and are still there
  CHECK(row(filtered.history, 0).empty());
  CHECK(row(filtered.history, 1) == std::vector{0});
  CHECK(filtered.seen == all.history);
  CHECK(filtered.unknown_items == Tokens{"new"});
  CHECK(filtered.unknown_rows == 1);

  options = options_for(dir.write("r.csv", some_table(40)));
  const Histories raw = read_histories(options, {"100", "101"});
  CHECK(raw.user_tokens.size() == 40);
  dir.write("g/train.txt", "7 1 2\n8\n");
  dir.write("g/test.txt", "8 3 2\n");
  const Histories given = read_histories(options_for(dir.path("g")), {"3", "2"});
  CHECK(given.user_tokens == Tokens{"7", "8"});
  CHECK(row(given.history, 1) == std::vector{0, 1});
  CHECK(given.seen == given.history);
  CHECK(error_of([&] { load_split(options_for(dir.path("g"))); }).ends_with("found data already split"));
}

TEST_CASE("the histories of a prepared directory are of all its users") {
  TempDir dir;
  dir.write("p/unique_sid.txt", "x\ny\n");
  dir.write("p/unique_uid.txt", "a\nb\nc\n");
  dir.write("p/train.csv", "uid,sid\n0,1\n");
  for (const char* name : {"p/validation_tr.csv", "p/validation_te.csv", "p/test_tr.csv"})
    dir.write(name, "uid,sid\n2,0\n");
  dir.write("p/test_te.csv", "uid,sid\n");
  const Histories all = read_histories(options_for(dir.path("p")), {"x", "y"});
  CHECK(all.user_tokens == Tokens{"a", "b", "c"});
  CHECK(row(all.history, 1).empty());
  CHECK(row(all.history, 2) == std::vector{0});
}
