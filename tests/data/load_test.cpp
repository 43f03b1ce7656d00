#include "data/load.h"

#include <doctest/doctest.h>

#include "../support/temp_dir.h"
#include "support.h"

using namespace recvae::data;
using namespace recvae::test;
using Tokens = std::vector<std::string>;

namespace {

/// The error of loading, without the path in front.
std::string load_error(const DataOptions& options) {
  const std::string error = error_of([&] { load(options); });
  return error.starts_with(options.path) ? error.substr(options.path.size()) : error;
}

}  // namespace

TEST_CASE("one table in every wrapping is one data set") {
  TempDir dir;
  const std::string table = some_table(60);
  std::string crlf = "\xef\xbb\xbf", quoted, tabs = table, inter, dat, data;
  for (const char c : table) {
    crlf += c == '\n' ? "\r\n" : std::string(1, c);
  }
  std::string_view left = table;
  for (bool header = true; !left.empty(); header = false) {
    const std::string line(left.substr(0, left.find('\n')));
    left.remove_prefix(line.size() + 1);
    std::string q = "\"", d, t;
    for (const char c : line) {
      q += c == ',' ? "\",\"" : std::string(1, c);
      d += c == ',' ? "::" : std::string(1, c);
      t += c == ',' ? '\t' : c;
    }
    quoted += q + "\"\n";
    inter += header ? "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" : t + "\n";
    if (!header) dat += d + "\n";
    if (!header) data += t + "\n";
  }
  for (char& c : tabs) {
    if (c == ',') c = '\t';
  }
  DataOptions options = options_for(dir.write("r.csv", table));
  options.threshold = 1;
  options.min_items_per_user = 1;
  const Dataset expected = load(options);
  CHECK(expected.summary.users == 60);
  CHECK(expected.summary.validation.users == 6);  // a tenth
  CHECK(expected.summary.test.users == 6);
  CHECK(expected.train.rows() == 48);

  const auto same = [&](const std::string& path, std::optional<Format> format = {}) {
    INFO(path);
    options.path = path;
    options.format = format;
    const Dataset dataset = load(options);
    CHECK(dataset.item_tokens == expected.item_tokens);
    CHECK(dataset.train == expected.train);
    CHECK(dataset.test.user_tokens == expected.test.user_tokens);
    CHECK(dataset.test.targets == expected.test.targets);
  };
  same(dir.write("r.csv.gz", gzipped(table)));
  same(dir.write("crlf.csv", crlf));
  same(dir.write("quoted.csv", quoted));
  same(dir.write("r.tsv", tabs));
  same(dir.write("train.txt", table), Format::table);
  same(dir.path("r.tsv"), Format::table);
  same(dir.write("x.inter", inter));
  same(dir.write("x.inter.gz", gzipped(inter)));
  same(dir.write("u.data", data));
  same(dir.write("ratings.dat.gz", gzipped(dat)));
  same(dir.write("something", dat), Format::ratings_dat);
  dir.write("atomic/y.inter", inter);
  same(dir.path("atomic"));
  dir.write("atomic/atomic.inter", inter);
  dir.write("atomic/y.inter", "");
  same(dir.path("atomic/"));
  options.text = [&] { return TextSource::from_text(gzipped(inter), "text"); };
  same("-", Format::inter);
}

TEST_CASE("adjacency lists with and without a test file") {
  TempDir dir;
  const std::string train = dir.write("g/train.txt", "0 0 1 2 3 4 5 6 7 8 9\n1 2 3\n2\n");
  DataOptions options = options_for(dir.path("g"));
  options.min_items_per_user = 0;
  CHECK(load_error(options).find("expected more users than 2 x 1 held out, found 2") != std::string::npos);

  dir.write("g/test.txt.gz", gzipped("0 11\n1\n3 2 2 12\n"));
  options = options_for(dir.path("g"));
  const Dataset dataset = load(options);
  CHECK_FALSE(dataset.strong);
  CHECK(dataset.user_tokens == Tokens{"0", "1", "2"});  // 3 is no training user
  CHECK(dataset.item_tokens == Tokens{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "11", "12"});
  CHECK(dataset.train.rows() == 3);
  CHECK(dataset.train.nnz() == 11);  // one of ten is for validation
  CHECK(dataset.validation.user_tokens == Tokens{"0"});
  CHECK(dataset.validation.targets.nnz() == 1);
  CHECK(row(dataset.validation.history, 0) == row(dataset.train, 0));
  CHECK(dataset.test.user_tokens == Tokens{"0", "3"});
  CHECK(row(dataset.test.history, 0).size() == 10);  // training and validation
  CHECK(row(dataset.test.history, 1).empty());
  CHECK(row(dataset.test.targets, 1) == std::vector{2, 11});
  CHECK(dataset.summary.duplicates == 1);

  CHECK(load(options).train == dataset.train);
  options.validation_ratio = 0;
  CHECK(load(options).train.nnz() == 12);
  CHECK(load(options).validation.user_tokens.empty());
  options.heldout_users = 1;
  CHECK(load_error(options) == "usage: --heldout_users: " + dir.path("g") + " is already split");
  options.heldout_users.reset();
  options.heldout_users.reset();
  options.validation_ratio.reset();
  options.split_seed = 98765;  // of the draw of validation; the default, but said
  CHECK(load(options).train == dataset.train);
  const auto drawn_by = [&](std::uint64_t seed) {
    options.split_seed = seed;
    return load(options).validation.targets;
  };
  CHECK(drawn_by(1) == drawn_by(1));
  CHECK(drawn_by(1) != drawn_by(2));
  options = options_for(train);  // the file alone is raw
  CHECK(load_error(options).find("found 1") != std::string::npos);
}

TEST_CASE("train, valid and test files of RecBole") {
  TempDir dir;
  const std::string header = "user_id:token\titem_id:token\n";
  dir.write("d/n.train.inter", header + "a\tx\nb\ty\n");
  dir.write("d/n.valid.inter", header + "b\tz\nc\tx\n");
  dir.write("d/n.test.inter", header + "a\tz\na\tw\n");
  const Dataset dataset = load(options_for(dir.path("d")));
  CHECK(dataset.user_tokens == Tokens{"a", "b"});
  CHECK(dataset.item_tokens == Tokens{"x", "y", "z", "w"});
  CHECK(dataset.validation.user_tokens == Tokens{"b", "c"});
  CHECK(row(dataset.validation.history, 0) == std::vector{1});
  CHECK(dataset.test.user_tokens == Tokens{"a"});
  CHECK(row(dataset.test.history, 0) == std::vector{0});
  CHECK(row(dataset.test.targets, 0) == std::vector{2, 3});

  DataOptions options = options_for(dir.path("d"));
  options.split = SplitKind::strong;
  CHECK(load_error(options).starts_with("usage: --split"));
  options = options_for(dir.path("d"));
  options.validation_ratio = 0.1;
  CHECK(load_error(options).starts_with("usage: --validation_ratio"));
  std::filesystem::remove(dir.path("d/n.test.inter"));
  CHECK(load_error(options_for(dir.path("d"))) == ": expected a file n.test.inter, found none");
}

TEST_CASE("prepared directories: users without rows, a missing unique_uid.txt, wrong indices") {
  TempDir dir;
  const auto write = [&](const std::string& train, const std::string& tr = "4,0\n", const std::string& te = "4,1\n") {
    dir.write("p/unique_sid.txt", "x\r\ny\n");
    dir.write("p/train.csv", "uid,sid\n" + train);
    for (const char* name : {"p/validation_tr.csv", "p/test_tr.csv"}) dir.write(name, "\xef\xbb\xbfuid,sid\r\n" + tr);
    for (const char* name : {"p/validation_te.csv", "p/test_te.csv"}) dir.write(name, "uid,sid\n" + te);
    return options_for(dir.path("p"));
  };
  const auto error = [&](const std::string& train) { return load_error(write(train)); };
  const Dataset dataset = load(write("0,1\n2,0\n2,0\n"));
  CHECK(dataset.item_tokens == Tokens{"x", "y"});
  CHECK(dataset.user_tokens == Tokens{"0", "1", "2"});
  CHECK(dataset.train.rows() == 3);
  CHECK(row(dataset.train, 1).empty());
  CHECK(row(dataset.train, 2) == std::vector{0});
  CHECK(dataset.summary.duplicates == 1);
  CHECK(dataset.validation.user_tokens == Tokens{"4"});
  CHECK(dataset.strong);

  CHECK(error("0,2\n") == "/train.csv:2: expected a sid from 0 to 1, found '2'");
  CHECK(error("0,1\n2147483647,0\n") == "/train.csv:3: expected a uid from 0 to 2147483646, found '2147483647'");
  CHECK(error("0,1\n99999999999,0\n") == "/train.csv:3: expected a uid from 0 to 2147483646, found '99999999999'");
  CHECK(error("0,1\n\n2147483646,0\n1,1\n") ==
        "/train.csv:4: expected a uid below 1000448 (there is no unique_uid.txt), found 2147483646");
  CHECK(load_error(write("0,1\n", "1000320,0\n")).starts_with("/validation_tr.csv:2: expected a uid below 1000320"));
  CHECK(load(write("0,1\n", "1000319,0\n")).validation.user_tokens == Tokens{"4", "1000319"});
  CHECK(error("0,-1\n").ends_with("found '-1'"));
  CHECK(error("0\n") == "/train.csv:2: expected 2 columns, found 1");
  CHECK(error("0,1,1\n") == "/train.csv:2: expected 2 columns, found 3");
  CHECK(error("") == "/train.csv: expected interactions, found none");
  dir.write("p/unique_uid.txt", "a\nb\nc\nd\n");
  CHECK(error("3,0\n") == "/validation_tr.csv:2: expected a uid from 0 to 3, found '4'");
  CHECK(error("4,0\n") == "/train.csv:2: expected a uid from 0 to 3, found '4'");
  dir.write("p/unique_uid.txt", "a\nb\na\n");
  CHECK(error("0,0\n") == "/unique_uid.txt:3: expected every id once, found 'a' again");
  dir.write("p/test_te.csv", "sid,uid\n");
  dir.write("p/unique_uid.txt", "a\nb\nc\nd\ne\n");
  CHECK(load_error(options_for(dir.path("p"))) == "/test_te.csv:1: expected the header uid,sid, found 'sid,uid'");
  std::filesystem::remove(dir.path("p/test_te.csv"));
  CHECK(load_error(options_for(dir.path("p"))) == ": expected a file test_te.csv, found none");
}

TEST_CASE("bad input: one line that names the place") {
  TempDir dir;
  const std::string table = some_table(30);
  const auto error = [&](const std::string& content) { return load_error(options_for(dir.write("f.csv", content))); };
  CHECK(load_error(options_for(dir.path("none.csv"))) == ": No such file or directory");
  CHECK(error("") == ": expected a header line, found an empty file");
  CHECK(error("userId,movieId\n") == ": expected interactions, found none");
  CHECK(error(table + "7\n") == ":362: expected 4 columns, found 1");
  CHECK(error(table + std::string("7,\0,3,1\n", 8)) == ":362: expected text, found a NUL byte");
  CHECK(error(gzipped(table).substr(0, 500)) == ": expected more compressed data, found the end of the file");
  DataOptions options = options_for(dir.write("f.csv", table));
  options.threshold = 5;
  CHECK(load_error(options) == ": expected interactions, found none left after the filters");
  options.threshold.reset();
  options.min_items_per_user = 0;
  options.heldout_users = 15;
  CHECK(load_error(options) == ": expected more users than 2 x 15 held out, found 30");
  options.heldout_users = 1;
  CHECK_THROWS_WITH_AS(parse_value("foo", options.format),
                       "table, csv, tsv, inter, u.data, ratings.dat, adjacency, prepared or dumpavail",
                       std::invalid_argument);
  options = options_for(dir.write("train.txt", "0 1\n"));
  options.threshold = 1;
  CHECK(load_error(options) == ": expected ratings, which --threshold needs, found none");
  std::filesystem::create_directory(dir.path("void"));
  CHECK(load_error(options_for(dir.path("void"))).starts_with(": expected a directory with train.csv"));
  dir.write("two/a.inter", "");
  dir.write("two/b.inter", "");
  CHECK(load_error(options_for(dir.path("two"))) == ": expected one file *.inter, found 2");
  // Names that are no files are none.
  std::filesystem::create_directory(dir.path("void/foo.inter"));
  std::filesystem::create_symlink("nowhere", dir.path("void/x.inter"));
  std::filesystem::create_symlink("nowhere", dir.path("void/y.train.inter"));
  CHECK(load_error(options_for(dir.path("void"))).starts_with(": expected a directory with train.csv"));
  dir.write("void/real.inter", "user_id:token\titem_id:token\n");
  CHECK(load_error(options_for(dir.path("void"))) == "/real.inter: expected interactions, found none");
}

TEST_CASE("options that have no meaning for the data") {
  TempDir dir;
  DataOptions options = options_for(dir.write("r.csv", some_table(40)));
  options.validation_ratio = 0.1;
  CHECK(load_error(options).starts_with("usage: --validation_ratio: "));
  CHECK(error_of([&] { load_split(options); }).starts_with("usage: --validation_ratio: "));
  options.validation_ratio.reset();
  const auto without = load(options).user_tokens;
  options.split_seed = 98765;
  CHECK(load(options).user_tokens == without);
  options.split_seed = 5;
  CHECK(load(options).user_tokens != without);
  options.split_seed.reset();
  prepare(options, dir.path("p"));
  options.path = dir.path("p");
  options.split_seed = 98765;
  CHECK(load_error(options).starts_with("usage: --split_seed: "));
  options.split_seed.reset();
  options.validation_ratio = 0.1;
  CHECK(load_error(options).starts_with("usage: --validation_ratio: "));
}

TEST_CASE("split options on data that are split") {
  TempDir dir;
  DataOptions raw = options_for(dir.write("r.csv", some_table(40)));
  raw.split = SplitKind::loo;
  prepare(raw, dir.path("weak"));
  raw.split = SplitKind::strong;
  prepare(raw, dir.path("strong"));
  for (const char* name : {"weak", "strong"}) {
    const auto error = [&](auto change) {
      DataOptions options = options_for(dir.path(name));
      change(options);
      return load_error(options);
    };
    const std::string already = ": " + dir.path(name) + " is already split";
    CHECK(error([](auto& o) { o.split = SplitKind::loo; }) == "usage: --split" + already);
    CHECK(error([](auto& o) { o.split_seed = 1; }) == "usage: --split_seed" + already);
    CHECK(error([](auto& o) { o.ratios = {1, 1, 1}; }).starts_with("usage: --ratios"));
    CHECK(error([](auto& o) { o.order = Order::random; }).starts_with("usage: --order"));
    CHECK(error([](auto& o) { o.group_by = GroupBy::user; }).starts_with("usage: --group_by"));
    CHECK(error([](auto& o) { o.time_users = TimeUsers::all; }).starts_with("usage: --time_users"));
    CHECK(error([](auto& o) { o.valid_from = o.test_from = "1"; }).starts_with("usage: --valid_from"));
    CHECK(error([](auto& o) { o.test_history = TestHistory::train; }) == "no error");
  }
}

TEST_CASE("weak splits of raw data: seeds, filters, repeated pairs") {
  TempDir dir;
  DataOptions options = options_for(dir.write("r.csv", some_table(40)));
  options.split = SplitKind::ratio;
  const Dataset dataset = load(options);
  CHECK_FALSE(dataset.strong);
  CHECK(dataset.summary.users == 40);
  CHECK(dataset.summary.rows == dataset.summary.rows_read);
  CHECK(dataset.summary.duplicates > 0);
  CHECK(dataset.summary.rows - dataset.summary.duplicates ==
        dataset.train_and_validation.nnz() + dataset.test.targets.nnz());
  options.split_seed = 98765;
  CHECK(load(options).train == dataset.train);
  options.split_seed = 1337;
  CHECK(load(options).train != dataset.train);
  options.group_by = GroupBy::none;
  CHECK(load(options).train != dataset.train);
  options = options_for(options.path);
  options.split = SplitKind::loo;
  const Csr at_random = load(options).train;
  options.order = Order::time;
  CHECK(load(options).train != at_random);

  // Few rows are few rows, unless somebody asks; users held out need some.
  const std::string few = "userId,movieId,timestamp\na,x,1\na,y,2\nb,x,1\nb,y,3\nb,z,1\nb,x,9\n";
  options = options_for(dir.write("few.csv", few));
  options.split = SplitKind::time;
  options.valid_from = "2";
  options.test_from = "3";
  CHECK(load(options).user_tokens == Tokens{"a", "b"});
  CHECK(load(options).train.nnz() == 3);
  CHECK(load(options).validation.user_tokens == Tokens{"a"});
  CHECK(load(options).test.user_tokens == Tokens{"b"});
  CHECK(load(options).summary.duplicates == 1);
  options.min_items_per_user = 2;  // by the rows before validation
  CHECK(load(options).user_tokens == Tokens{"b"});
  options.valid_from = options.test_from = "10";
  options.min_items_per_user = 4;  // repeated rows count
  CHECK(load(options).user_tokens == Tokens{"b"});
  options.valid_from = "2";
  options.test_from = "3";
  options.min_items_per_user.reset();
  options.time_users = TimeUsers::newly_seen;
  CHECK(load_error(options) == ": expected interactions, found none left after the filters");
  options.min_items_per_user = 0;
  CHECK(load(options).train.rows() == 2);
  CHECK(load(options).strong);
  CHECK(load(options).summary.duplicates == 1);
}

TEST_CASE("splits that the data do not allow") {
  TempDir dir;
  DataOptions options = options_for(dir.write("r.csv", some_table(40)));
  options.split = SplitKind::time;
  options.valid_from = "0";
  options.test_from = "5";
  CHECK(load_error(options) == ": expected rows to train on, found none before 0");
  options.time_users = TimeUsers::newly_seen;
  CHECK(load_error(options) == ": expected rows to train on, found none before 0");
  options.valid_from = "1970-01-02";
  CHECK(load_error(options).find("not after --test_from 5") != std::string::npos);
  options = options_for(dir.write("g/train.txt", "0 1 2 3\n1 1 2\n"));
  options.split = SplitKind::loo;
  CHECK(load_error(options) == "no error");
  options.order = Order::time;
  CHECK(load_error(options) == ": expected a time column, which --order TO needs, found none");
  options = options_for(dir.write("t.csv", "userId,movieId\na,x\n"));
  options.split = SplitKind::time;
  options.valid_from = options.test_from = "5";
  CHECK(load_error(options) ==
        ":1: expected one column of times, such as 'timestamp' (--time_field names another), found none in "
        "'userId,movieId'");
  options = options_for(dir.write("t.csv", "userId,movieId,timestamp\na,x,soon\n"));
  options.split = SplitKind::ratio;
  CHECK(load_error(options) == "no error");
  options.order = Order::time;
  CHECK(load_error(options) == ":2: expected a number or an ISO 8601 date or time, found 'soon'");
  options.order = Order::random;
  options.ratios = {1e-20, 1, 1};
  options.path = dir.write("t.csv", "userId,movieId\na,x\na,y\n");
  CHECK(load_error(options) == ": expected rows to train on, found none");
}

TEST_CASE("parts of RecBole may be empty, test lists may not") {
  TempDir dir;
  const std::string header = "user_id:token\titem_id:token\n";
  dir.write("d/n.train.inter", header + "a\tx\n");
  dir.write("d/n.valid.inter", header);
  dir.write("d/n.test.inter", header);
  const Dataset dataset = load(options_for(dir.path("d")));
  CHECK(dataset.train.nnz() == 1);
  CHECK(dataset.validation.user_tokens.empty());
  CHECK(dataset.test.user_tokens.empty());
  dir.write("d/n.train.inter", header);
  CHECK(load_error(options_for(dir.path("d"))) == "/n.train.inter: expected interactions, found none");
  dir.write("g/train.txt", "0 1\n");
  dir.write("g/test.txt", "");
  CHECK(load_error(options_for(dir.path("g"))) == "/test.txt: expected interactions, found none");
}

TEST_CASE("what a baseline learns from") {
  TempDir dir;
  dir.write("g/train.txt", "0 0 1 2 3 4 5 6 7 8 9\n1 0 1 2 3 4 5 6 7 8 9\n2 3\n");
  dir.write("g/test.txt", "0 11\n4 2\n");  // 1 and 2 have no test targets
  DataOptions options = options_for(dir.path("g"));
  options.validation_ratio = 0;
  const Csr whole = load(options).train;
  options.validation_ratio = 0.3;
  const Dataset weak = load(options);
  CHECK(weak.train.nnz() == 15);
  CHECK(&weak.baseline_rows(false) == &weak.train);
  const Csr& rows = weak.baseline_rows(true);
  CHECK(rows.cols == 11);
  CHECK(rows.items == whole.items);
  for (std::int64_t u = 0; u < whole.rows(); ++u) CHECK(row(rows, u) == row(whole, u));

  const std::string header = "user_id:token\titem_id:token\n";
  dir.write("d/n.train.inter", header + "a\tx\nb\ty\n");
  dir.write("d/n.valid.inter", header + "b\tz\nc\tx\n");  // c is no training user, and its row counts
  dir.write("d/n.test.inter", header + "a\tz\n");
  CHECK(load(options_for(dir.path("d"))).baseline_rows(true).items == std::vector{0, 1, 2, 0});

  const Dataset strong = load(options_for(dir.write("r.csv", some_table(40))));
  CHECK(&strong.baseline_rows(true) == &strong.train);
  CHECK(strong.train_and_validation.nnz() == 0);
}

TEST_CASE("demo: its filters are part of it") {
  std::string text;
  for (int p = 0; p < 12; ++p) {
    text += "Package: p" + std::to_string(p) + "\nDepends: rare" + std::to_string(p);
    for (int d = 0; d < 4 + p % 2; ++d) text += ", lib" + std::to_string(d);
    text += "\n\n";
  }
  DataOptions options = options_for("demo");
  options.text = [&] { return TextSource::from_text(text, "text"); };
  options.heldout_users = 1;
  const Dataset dataset = load(options);
  CHECK(dataset.summary.users == 6);
  CHECK(dataset.item_tokens == Tokens{"lib0", "lib1", "lib2", "lib3", "lib4"});
  options.heldout_users.reset();
  CHECK(load_error(options).find("2 x 1000 held out") != std::string::npos);
}

TEST_CASE("val_interval: any column, after repeated pairs, before counts") {
  TempDir dir;
  const std::string rows =
      "user_id:token\titem_id:token\trating:float\ttag:token\n"
      "a\tx\t5\tp\na\tx\t2\tq\na\ty\t4\tp\nb\ty\t4\tr\nb\tz\t3.5\tp\n";
  const auto inter = dir.write("d.inter", rows);
  const auto kept = [&](const std::string& filter, std::optional<Repeated> repeated = {}) {
    DataOptions options = options_for(inter);
    options.split = SplitKind::loo;
    options.val_interval = filter;
    options.rm_dup_inter = repeated;
    const Dataset data = load(options);
    return data.summary.train.rows + data.summary.validation.rows + data.summary.test.rows;
  };
  CHECK(kept("{'rating': '[4,inf)'}") == 3);
  CHECK(kept("{'rating': '[4,inf)'}", Repeated::last) == 2);  // of a's x the row of 2 was kept, and then is not
  CHECK(kept("{'rating': '(3.5,4];[2,2]', 'tag': ['q', 'r']}") == 2);
  CHECK(kept("{'user_id': ['b']}") == 2);
  DataOptions options = options_for(inter);
  options.val_interval = "{'genre': ['a']}";
  CHECK(load_error(options) ==
        ":1: expected a column 'genre' (--val_interval), found none in 'user_id,item_id,rating,tag'");
  options.val_interval = "{'tag': '[1,2]'}";
  CHECK(load_error(options) == ":1: expected --val_interval with a list for a column of tokens, found 'tag'");
  options.val_interval = "{'rating': ['4']}";
  CHECK(load_error(options) == ":1: expected --val_interval with an interval for a column of numbers, found 'rating'");
  options = options_for(dir.write("r.csv", "user,item,price\na,x,1\na,y,cheap\n"));
  options.val_interval = "{'price': '[0,inf)'}";
  CHECK(load_error(options) == ":3: expected a number as price, found 'cheap'");
  options = options_for(dir.write("train.txt", "0 1 2 3\n"));
  options.val_interval = "{'rating': '[4,inf)'}";
  CHECK(load_error(options) == ": expected columns, which --val_interval needs, found none");
  options = options_for(dir.write("u.data", "1\t2\t5\t7\n1\t3\t5\t7\n2\t3\t1\t7\n"));
  options.val_interval = "{'rating': '[4,inf)'}";
  options.split = SplitKind::loo;
  CHECK(load(options).summary.dropped.val_interval == 1);
}

TEST_CASE("repeated pairs may stay until the split: then they are rows of its parts") {
  TempDir dir;
  DataOptions options = options_for(dir.write("r.csv", "user,item,time\na,x,1\na,y,2\na,x,3\na,x,4\n"));
  options.split = SplitKind::loo;
  options.order = Order::time;
  CHECK(load(options).summary.test.rows == 1);
  CHECK(row(load(options).train, 0) == std::vector<std::int32_t>{0});
  options.rm_dup_inter = Repeated::stay;
  const Dataset data = load(options);
  CHECK(row(data.train, 0) == std::vector<std::int32_t>{0, 1});
  CHECK(row(data.test.targets, 0) == std::vector<std::int32_t>{0});
  options.rm_dup_inter = Repeated::last;
  CHECK(row(load(options).test.targets, 0) == std::vector<std::int32_t>{1});
  CHECK(load(options).item_tokens == Tokens{"y", "x"});
}

TEST_CASE("parts by name, as RecBole's benchmark_filename") {
  TempDir dir;
  std::filesystem::create_directory(dir.path("d"));
  const auto part = [&](const char* name, const char* rows) {
    dir.write(std::string("d/d.") + name + ".inter", std::string("user_id:token\titem_id:token\n") + rows);
  };
  part("part1", "a\tx\na\ty\n");
  part("part2", "a\tz\n");
  part("part3", "b\tx\n");
  DataOptions options = options_for(dir.path("d"));
  options.benchmark_filename = {"part1", "part2", "part3"};
  CHECK(load(options).summary.validation.rows == 1);
  options.benchmark_filename = {"part3", "part1", "part2"};
  CHECK(load(options).item_tokens == Tokens{"x", "y", "z"});
  options.benchmark_filename = {"part1", "part2", "part4"};
  CHECK(load_error(options) == ": expected a file d.part4.inter, found none");
  options.benchmark_filename = {"no", "part2", "part3"};
  CHECK(load_error(options) == ": expected a file *.no.inter, found none");
  options.benchmark_filename = {"part1", "part2", "part3"};
  options.val_interval = "{'rating': '[4,inf)'}";
  CHECK(load_error(options) == "usage: --val_interval: " + options.path + " is already split");
  options.path = dir.path("d/d.part1.inter");
  CHECK(load_error(options) == ": expected a directory, as --benchmark_filename names files in one");
}

TEST_CASE("field_separator") {
  TempDir dir;
  DataOptions options = options_for(dir.write("d.inter", "user_id:token,item_id:token\na,x\na,y\na,z\n"));
  options.split = SplitKind::loo;
  options.field_separator = ",";
  CHECK(load(options).item_tokens.size() == 3);
  options = options_for(dir.write("r.csv", "user;x\titem\na\tx\na\ty\na\tz\n"));
  options.user_field = "user;x";
  options.split = SplitKind::loo;
  options.field_separator = "\\t";
  CHECK(load(options).item_tokens.size() == 3);
}
