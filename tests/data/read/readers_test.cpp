#include "data/read/readers.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "../../support/temp_dir.h"
#include "../support.h"

using namespace recvae::data;
using recvae::test::error_of;
using recvae::test::pairs;
using recvae::test::TempDir;
using Pairs = std::vector<std::string>;

namespace {

Interactions read(const std::string& format, const std::string& content, const DataOptions& options = {},
                  Times times = Times::ignored) {
  TextSource text = TextSource::from_text(content, "f");
  InteractionBuilder builder;
  std::optional<Format> named;
  parse_value(format, named);
  read_text(named.value(), text, options, builder, times);
  return builder.take();
}

Interactions table(const std::string& content, const DataOptions& options = {}) {
  return read("table", content, options);
}
Interactions inter(const std::string& content, const DataOptions& options = {}) {
  return read("inter", content, options);
}
DataOptions fields(const std::string& user, const std::string& item) {
  DataOptions options;
  options.user_field = user;
  options.item_field = item;
  return options;
}
Interactions adjacency(const std::string& content) { return read("adjacency", content); }
Interactions dumpavail(const std::string& content) { return read("dumpavail", content); }

}  // namespace

TEST_CASE("table: columns in any order, comma or tab, literal tokens") {
  const auto rows = table("rating,movieId,userId\n4.5,NA,007\n3,x y,7\n1,NA,007\n");
  CHECK(pairs(rows) == Pairs{"007:NA", "7:x y", "007:NA"});
  CHECK(rows.ratings == std::vector{4.5, 3.0, 1.0});
  CHECK(rows.rows_read == 3);
  CHECK(pairs(table("userId\tmovieId\na,b\tc\n")) == Pairs{"a,b:c"});
  CHECK(pairs(table("\xef\xbb\xbf\"userId\",\"movieId\"\r\n\"a,\"\"1\",b\r\n\r\n")) == Pairs{"a,\"1:b"});
  CHECK(pairs(table("u,i,rating\na,b,1", fields("u", "i"))) == Pairs{"a:b"});
  CHECK(pairs(table("userId,movieId,timestamp\na,b,2020-01-01\n")) == Pairs{"a:b"});
}

TEST_CASE("table: rows without an id are counted and left out") {
  const auto rows = table("userId,movieId,rating\na,,1\n,b,1\na,b,5\n");
  CHECK(pairs(rows) == Pairs{"a:b"});
  CHECK(rows.ratings == std::vector{5.0});
  CHECK(rows.rows_read == 3);
  CHECK(rows.dropped.unreadable == 2);
}

TEST_CASE("table: what is wrong, and where") {
  const auto error = [](const std::string& content, const DataOptions& options = {}) {
    return error_of([&] { table(content, options); });
  };
  CHECK(error("") == "f: expected a header line, found an empty file");
  CHECK(error("a,b\n1,2\n") ==
        "f:1: expected one column of user ids, such as 'userId' (--user_field names another), found none in 'a,b'");
  CHECK(error("userId,film\n") ==
        "f:1: expected one column of item ids, such as 'movieId' (--item_field names another), found none in "
        "'userId,film'");
  CHECK(error("userId,movieId,userId\n") ==
        "f:1: expected one column of user ids, such as 'userId' (--user_field names another), found several in "
        "'userId,movieId,userId'");
  CHECK(error("userId,movieId\na,b\n7\n") == "f:3: expected 2 columns, found 1");
  CHECK(error("userId,movieId\na,b,c\n") == "f:2: expected 2 columns, found 3");
  CHECK(error("userId,movieId,rating\na,b,five\n") == "f:2: expected a number as rating, found 'five'");
  CHECK(error("userId,movieId,rating\na,b,\n") == "f:2: expected a number as rating, found ''");
  CHECK(error("userId,movieId\na,\"b\n").starts_with("f:2: expected fields, quoted or not, found a quote"));
  DataOptions with_threshold;
  with_threshold.threshold = 3;
  CHECK(error("userId,movieId\na,b\n", with_threshold).find("'rating'") != std::string::npos);
  CHECK(error("\x89PNG\r\n\x1a\nxx\xff").ends_with("found none in '\\x89PNG'"));
}

TEST_CASE("inter") {
  const std::string header = "user_id:token\titem_id:token\trating:float\ttimestamp:float";
  const auto rows = inter(header + "\r\n196\t\"242\t3\t881250949\r\n");
  CHECK(pairs(rows) == Pairs{"196:\"242"});
  CHECK(rows.ratings == std::vector{3.0});
  CHECK(pairs(inter(header + "\n1\t2\t3\t881250949")) == Pairs{"1:2"});
  CHECK(pairs(inter("item:token\tuserId:token\tgenre:token_seq\nb\ta\tx y\n", fields("userId", "item"))) ==
        Pairs{"a:b"});
  CHECK(pairs(inter(header + "\n")).empty());
  const auto error = [](const std::string& content, const DataOptions& options = {}) {
    return error_of([&] { inter(content, options); });
  };
  CHECK(error("") == "f: expected a header line, found an empty file");
  CHECK(error("user_id\titem_id\n").ends_with("found 'user_id'"));
  CHECK(error("user_id:token\titem_id:int\n").ends_with("found 'item_id:int'"));
  CHECK(error("user_id:token:x\titem_id:token\n").ends_with("found 'user_id:token:x'"));
  CHECK(error(header + "\n1\t2\t3\n") == "f:2: expected 4 columns, found 3");
  CHECK(error(header + "\n", fields("who", "movieId")).find("'who'") != std::string::npos);
}

TEST_CASE("a column that some rows lack is dropped for all") {
  InteractionBuilder builder;
  builder.add("a", "x", 1, 2);
  builder.add("a", "y", {}, 3);
  const Interactions rows = builder.take();
  CHECK(rows.ratings.empty());
  CHECK(rows.times == std::vector{2.0, 3.0});

  TempDir dir;
  const Input parts{.kind = Input::Kind::parts,
                    .format = Format::inter,
                    .file = {},
                    .train = dir.write("x.train.inter", "user_id:token\titem_id:token\trating:float\nu\tzz\t5\n"),
                    .valid = {},
                    .test = dir.write("x.test.inter", "user_id:token\titem_id:token\nu\t1\nu\t2\n")};
  Interactions both = read_parts(parts, {}).rows;
  CHECK(pairs(both) == Pairs{"u:zz", "u:1", "u:2"});
  both.for_columns([](const auto& column) { CHECK(column.size() == 3); });
  CHECK(both.ratings.empty());
}

TEST_CASE("u.data and ratings.dat") {
  CHECK(pairs(read("u.data", "196\t242\t3\t881250949\n186\t302\t3\t891717742\n")) == Pairs{"196:242", "186:302"});
  const auto rows = read("ratings.dat", "1::1193::5::978300760\n");
  CHECK(pairs(rows) == Pairs{"1:1193"});
  CHECK(rows.ratings == std::vector{5.0});
  CHECK(error_of([] { read("ratings.dat", "1::1193::5\n"); }) == "f:1: expected 4 columns, found 3");
}

TEST_CASE("times are read where they are wanted") {
  using Numbers = std::vector<double>;
  const std::string csv = "timestamp,userId,movieId\n1.5,a,b\n-2,a,\n9007199254740992,c,d\n";
  CHECK(read("table", csv).times.empty());
  CHECK(read("table", csv, {}, Times::wanted).times == Numbers{1.5, 9007199254740992});
  DataOptions renamed;
  renamed.time_field = "when";
  CHECK(read("table", csv, renamed, Times::wanted).times.empty());
  CHECK(error_of([&] { read("table", csv, renamed, Times::needed); }) ==
        "f:1: expected one column 'when' (--time_field), found none in 'timestamp,userId,movieId'");
  const std::string atomic = "user_id:token\titem_id:token\ttimestamp:float\n1\t2\t7\n";
  CHECK(read("inter", atomic, {}, Times::needed).times == Numbers{7});
  CHECK(read("u.data", "196\t242\t3\t881250949\n", {}, Times::wanted).times == Numbers{881250949});
  CHECK(read("ratings.dat", "1::1193::5::978300760\n", {}, Times::needed).times == Numbers{978300760});
  CHECK(read("adjacency", "1 2\n", {}, Times::needed).times.empty());
  const auto error = [](const std::string& format, const std::string& content) {
    return error_of([&] { read(format, content, {}, Times::wanted); });
  };
  CHECK(error("u.data", "1\t2\t3\tnow\n") == "f:1: expected a number or an ISO 8601 date or time, found 'now'");
  CHECK(pairs(read("u.data", "1\t2\t3\tnow\n")) == Pairs{"1:2"});
}

TEST_CASE("times may be ISO 8601, of one kind in a column") {
  const auto times = [](const std::string& rows) {
    return read("table", "user_id,item_id,timestamp\n" + rows, {}, Times::wanted).times;
  };
  CHECK(times("a,b,1970-01-02\na,c,1970-01-01 00:00:01.25Z\n") == std::vector{86400, 1.25});
  CHECK(read("inter", "user_id:token\titem_id:token\ttimestamp:token\n1\t2\t1970-01-01T01:00:00+01:00\n", {},
             Times::needed)
            .times == std::vector{0.0});
  CHECK(error_of([&] { times("a,b,2020-01-01\na,c,1577836800\n"); }) ==
        "f:3: expected an ISO 8601 date or time, as in the rows before, found '1577836800'");
  CHECK(error_of([&] { times("a,b,1577836800\na,c,2020-01-01\n"); }) ==
        "f:3: expected a number as time, as in the rows before, found '2020-01-01'");
}

TEST_CASE("the usual names of columns, and every separator") {
  for (const char* user : {"userId", "user_id", "user", "uid", "userid", "USER_ID", "reviewerID", "User-ID", "UserId",
                           "customer_id", "Cust_Id", "msno", " userId "}) {
    for (const char* item :
         {"movieId",   "item_id",     "item",    "iid",    "sid",       "itemid", "movie_id", "product_id",
          "asin",      "parent_asin", "Item_Id", "ISBN",   "ProductId", "bookId", "artistID", "songId",
          "recipe_id", "video_id",    "game_id", "app_id", "news_id",   "placeID"}) {
      INFO(user << ' ' << item);
      CHECK(pairs(table(std::string("title,") + user + ",user_name," + item + "\nt,a,n,b\n")) == Pairs{"a:b"});
      CHECK(pairs(inter(std::string(item) + ":token\t" + user + ":token\nb\ta\n")) == Pairs{"a:b"});
    }
  }
  for (const char* rating : {"rating", "score", "stars", "Rating", "overall", "star_rating"}) {
    CHECK(table(std::string("user,item,") + rating + "\na,b,5\n").ratings == std::vector{5.0});
  }
  for (const char* time : {"timestamp", "time", "ts", "date", "unixReviewTime", "Timestamp", "review_date"}) {
    CHECK(read("table", std::string("user,item,") + time + "\na,b,5\n", {}, Times::needed).times == std::vector{5.0});
  }
  for (const char separator : {',', '\t', ';', '|'}) {
    std::string text = "\"user_id\",item_id,rating\n\"a\",x y,1\n";
    std::replace(text.begin(), text.end(), ',', separator);
    CHECK(pairs(table(text)) == Pairs{"a:x y"});
  }
  CHECK(pairs(table("user;item;tags\na,b;c;x|y\n")) == Pairs{"a,b:c"});
  CHECK(pairs(table("\"user\";\"item\";\"a,b,c,d\"\nx;y;z\n")) == Pairs{"x:y"});

  const auto error = [](const std::string& content, const DataOptions& options = {}) {
    return error_of([&] { table(content, options); });
  };
  CHECK(error("user,uid,item\n").ends_with("(--user_field names another), found several in 'user,uid,item'"));
  CHECK(error("user,asin,parent_asin\n").find("--item_field") != std::string::npos);
  CHECK(error("user,item,score,stars\n").find("--rating_field") != std::string::npos);
  CHECK(error("user,item,time,date\n") == "no error");  // nobody asks for times
  CHECK(pairs(table("user,uid,asin,parent_asin\na,b,c,d\n", fields("uid", "asin"))) == Pairs{"b:c"});
  CHECK(error("user,item\n", fields("User", "item")) ==
        "f:1: expected one column 'User' (--user_field), found none in 'user,item'");
}

TEST_CASE("columns are few") {
  const auto error = [](const std::string& content) { return error_of([&] { table(content); }); };
  CHECK(error("user,item" + std::string(4094, ',') + "\n") == "no error");
  CHECK(error("user,item" + std::string(4095, ',') + "\n") == "f:1: expected at most 4096 columns, found more");
  CHECK(error("user,item\n" + std::string(4096, ',') + "\n") == "f:2: expected at most 4096 columns, found more");
  CHECK(error(std::string(1000, 'x') + ",item\n").size() < 600);
}

TEST_CASE("adjacency") {
  const auto rows = adjacency("0 5 007 5\n 1\t7 \n\n2\n0 8\n");
  CHECK(pairs(rows) == Pairs{"0:5", "0:007", "0:5", "1:7", "0:8"});
  CHECK(rows.user_tokens == Pairs{"0", "1", "2"});
  CHECK(error_of([] { adjacency("0 1\n1 2147483648\n"); }) ==
        "f:2: expected an id from 0 to 2147483647, found '2147483648'");
  CHECK(error_of([] { adjacency("x 1\n"); }).ends_with("found 'x'"));
  CHECK(error_of([] { adjacency("-1 1\n"); }).ends_with("found '-1'"));
}

TEST_CASE("dumpavail") {
  const auto rows = dumpavail(
      "Package: a\nVersion: 1\nPre-Depends: never\nDepends: libc6 (>= 2.36), python3:any, x | y [amd64],\n "
      "z<!nocheck>\n"
      "Description: Depends: nothing\n more, text\n\n"
      "Package: b\nDepends: a\nRecommends: q\n\n"
      "Package: c\n\n"
      "Depends: libc6 (= 1), new\nPackage: a\n");
  CHECK(pairs(rows) == Pairs{"a:libc6", "a:python3", "a:x", "a:z", "b:a", "a:new"});
  CHECK(error_of([] { dumpavail("hello\n"); }) == "f: expected lines that begin with 'Package:', found none");
  CHECK(error_of([] { dumpavail(""); }).starts_with("f: expected lines"));
}
