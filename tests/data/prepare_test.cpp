#include "data/prepare.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "../support/temp_dir.h"
#include "data/read/readers.h"
#include "support.h"

using namespace recvae::data;
using namespace recvae::test;
namespace fs = std::filesystem;

namespace {

std::set<std::string> names_in(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename().string());
  return names;
}

const std::set<std::string> seven{"train.csv",   "validation_tr.csv", "validation_te.csv", "test_tr.csv",
                                  "test_te.csv", "unique_sid.txt",    "unique_uid.txt"};

void check_equal(const HeldOut& a, const HeldOut& b) {
  CHECK(a.user_tokens == b.user_tokens);
  CHECK(a.history == b.history);
  CHECK(a.targets == b.targets);
  CHECK(a.masked == b.masked);
}

void check_equal(const Dataset& a, const Dataset& b) {
  CHECK(a.item_tokens == b.item_tokens);
  CHECK(a.user_tokens == b.user_tokens);
  CHECK(a.train == b.train);
  CHECK(a.strong == b.strong);
  check_equal(a.validation, b.validation);
  check_equal(a.test, b.test);
  CHECK(a.train_and_validation == b.train_and_validation);
}

/// Options of each kind of split, for times from 0 to 1000.
std::vector<DataOptions> every_split(const std::string& path) {
  std::vector<DataOptions> out;
  const auto add = [&](auto change) { change(out.emplace_back(options_for(path))); };
  const auto timed = [](auto& o, TimeUsers users) {
    o.split = SplitKind::time;
    o.valid_from = "700";
    o.test_from = "850";
    o.time_users = users;
    o.min_items_per_user = 2;
  };
  add([](auto& o) { o.split = SplitKind::strong; });
  add([](auto& o) { o.split = SplitKind::ratio; });
  add([](auto& o) { o.split = SplitKind::ratio, o.ratios = {0.7, 0, 0.3}, o.order = Order::time; });
  add([](auto& o) { o.split = SplitKind::ratio, o.ratios = {1, 0, 0}, o.group_by = GroupBy::none; });
  add([](auto& o) { o.split = SplitKind::ratio, o.group_by = GroupBy::none, o.split_seed = 4, o.threshold = 2; });
  add([](auto& o) { o.split = SplitKind::loo, o.min_users_per_item = 12; });
  add([](auto& o) { o.split = SplitKind::loo, o.order = Order::time, o.split_seed = 3; });
  add([&](auto& o) { timed(o, TimeUsers::all); });
  add([&](auto& o) { timed(o, TimeUsers::newly_seen); });
  add([&](auto& o) { timed(o, TimeUsers::newly_seen), o.test_from = "5000"; });  // no test
  return out;
}

/// The times of what a prepared directory trains on, and of its validation and test rows.
struct PartTimes {
  std::vector<double> train, validation, test;
};

/// Of a directory with .inter files, as they say themselves; of one with .csv files, by the rows of `raw`.
PartTimes part_times(const std::string& directory, const Interactions& raw) {
  PartTimes out;
  const std::string stem = directory + "/" + fs::path(directory).filename().string();
  if (!fs::exists(directory + "/train.csv")) {
    for (const auto& [part, times] :
         {std::pair{".train.inter", &out.train}, {".valid.inter", &out.validation}, {".test.inter", &out.test}}) {
      TextSource text = TextSource::from_file(stem + part);
      InteractionBuilder builder;
      read_text(Format::inter, text, {}, builder, Times::needed);
      *times = builder.take().times;
    }
    return out;
  }
  std::map<std::string, double> time_of;  // of a pair, the earliest
  const auto names = pairs(raw);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const auto [place, is_new] = time_of.emplace(names[k], raw.times[k]);
    if (!is_new) place->second = std::min(place->second, raw.times[k]);
  }
  const StrongSplit split = read_prepared(options_for(directory));
  const auto add = [&](const IndexedRows& part, std::vector<double>& times) {
    for (std::size_t k = 0; k < part.uid.size(); ++k) {
      times.push_back(
          time_of.at(split.user_tokens[as_size(part.uid[k])] + ":" + split.item_tokens[as_size(part.sid[k])]));
    }
  };
  add(split.train, out.train);
  add(split.validation_tr, out.validation);
  add(split.validation_te, out.validation);
  add(split.test_tr, out.test);
  add(split.test_te, out.test);
  return out;
}

double latest(const std::vector<double>& times) { return *std::max_element(times.begin(), times.end()); }
double earliest(const std::vector<double>& times) { return *std::min_element(times.begin(), times.end()); }

/// Prepares the time split of both kinds, and looks at the times of the rows that were written.
void check_that_nothing_is_trained_on_later(DataOptions options, Format format) {
  TempDir dir;
  TextSource text = TextSource::from_file(options.path);
  InteractionBuilder builder;
  read_text(format, text, options, builder, Times::needed);
  const Interactions raw = builder.take();
  options.split = SplitKind::time;
  for (const TimeUsers users : {TimeUsers::all, TimeUsers::newly_seen}) {
    const std::string out = dir.path(name_of(users));
    INFO(out);
    options.time_users = users;
    prepare(options, out);
    const PartTimes times = part_times(out, raw);
    REQUIRE_FALSE(times.train.empty());
    REQUIRE_FALSE(times.validation.empty());
    REQUIRE_FALSE(times.test.empty());
    CHECK(latest(times.train) < earliest(times.test));
    CHECK(latest(times.train) < earliest(times.validation));
    CHECK(latest(times.validation) < earliest(times.test));
  }
}

std::uint64_t fnv1a(const std::string& text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

/// `user<TAB>item<TAB>part` of every row of a prepared weak split, sorted by bytes.
std::vector<std::string> listed(const std::string& directory) {
  std::vector<std::string> lines;
  for (const std::string part : {"train", "valid", "test"}) {
    TextSource text =
        TextSource::from_file(directory + "/" + fs::path(directory).filename().string() + "." + part + ".inter");
    InteractionBuilder builder;
    read_text(Format::inter, text, {}, builder);
    const Interactions rows = builder.take();
    for (std::size_t k = 0; k < rows.users.size(); ++k) {
      lines.push_back(rows.user_tokens[as_size(rows.users[k])] + "\t" + rows.item_tokens[as_size(rows.items[k])] +
                      "\t" + part + "\n");
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("every split: raw data and what prepare makes of them are the same data set") {
  TempDir dir;
  int number = 0;
  for (const DataOptions& options : every_split(dir.write("r.csv", some_table(90)))) {
    const std::string out = dir.path("p" + std::to_string(number++));
    INFO(name_of(*options.split) << " " << out);
    const Summary summary = prepare(options, out);
    for (const TestHistory history : {TestHistory::all, TestHistory::train}) {
      DataOptions raw = options, prepared = options_for(out);
      raw.test_history = prepared.test_history = history;
      const Dataset dataset = load(raw), again = load(prepared);
      check_equal(dataset, again);
      CHECK(describe(dataset.summary) == describe(summary));
      CHECK(again.summary.users == summary.users);
      CHECK(again.summary.items == summary.items);
      CHECK(again.summary.rows - again.summary.duplicates == summary.rows - summary.duplicates);
      CHECK(again.summary.test.users == summary.test.users);
    }
  }
}

TEST_CASE("weak splits are written as RecBole's files") {
  TempDir dir;
  const std::string table =
      "movieId,timestamp,userId,rating\nx,1e3,a,4.50\ny,5,a,3\nx,7.25,b,0.1\nx,1e300,a,1\nz,-0.5,b,1e-7\n";
  DataOptions options = options_for(dir.write("r.csv", table));
  options.split = SplitKind::loo;
  options.order = Order::time;
  prepare(options, dir.path("made/my.data/"));
  CHECK(names_in(dir.path("made/my.data")) ==
        std::set<std::string>{"my.data.train.inter", "my.data.valid.inter", "my.data.test.inter"});
  const std::string header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n";
  CHECK(read_file(dir.path("made/my.data/my.data.train.inter")) == header + "a\ty\t3\t5\nb\tz\t0.0000001\t-0.5\n");
  CHECK(read_file(dir.path("made/my.data/my.data.valid.inter")) == header);
  CHECK(read_file(dir.path("made/my.data/my.data.test.inter")) == header + "a\tx\t4.5\t1000\nb\tx\t0.1\t7.25\n");

  const fs::path before = fs::current_path();
  fs::create_directory(dir.path("here"));
  fs::current_path(dir.path("here"));
  prepare(options, "../there/./");
  prepare(options, ".");
  CHECK(fs::exists(fs::current_path() / "here.valid.inter"));  // who stood there still does
  fs::current_path(before);
  CHECK(names_in(dir.path("here")).contains("here.train.inter"));
  CHECK(names_in(dir.path("there")).contains("there.test.inter"));

  // Columns are those of the data. A time that is no number matters to files that would hold it.
  options = options_for(dir.write("lists.txt", "0 1 2 3\n"));
  options.format = Format::adjacency;
  options.split = SplitKind::ratio;
  prepare(options, dir.path("bare"));
  CHECK(read_file(dir.path("bare/bare.train.inter")).starts_with("user_id:token\titem_id:token\n0\t"));
  options = options_for(dir.write("r.csv", "userId,movieId,timestamp\na,x,monday\n"));
  options.split = SplitKind::ratio;
  CHECK(error_of([&] {
          prepare(options, dir.path("no"));
        }).ends_with(":2: expected a number or an ISO 8601 date or time, found 'monday'"));

  for (const char* token : {"a\tb", "a\rb", "b\r"}) {
    options.path = dir.write("r.csv", std::string("userId,movieId\n1,\"") + token + "\"\n2,y\n");
    CHECK(error_of([&] { prepare(options, dir.path("no")); }) ==
          options.path + ": expected ids without tabs and line ends, which .inter files cannot hold, found " +
              excerpt(token));
  }
  DataOptions strong = options_for(dir.write("ids.csv", "userId,movieId\n1,\"b\r\"\n2,\"b\r\"\n3,\"b\r\"\n"));
  strong.min_items_per_user = 0;
  CHECK(error_of([&] { prepare(strong, dir.path("no")); }) ==
        strong.path + ": expected ids without line ends, which lists of ids cannot hold, found 'b\\x0d'");
  options.path = dir.write("r.csv", some_table(50));
  int asked = 0;
  options.stop = [&] { return ++asked > 6; };
  CHECK_THROWS_AS(prepare(options, dir.path("no")), Stopped);
  CHECK_FALSE(fs::exists(dir.path("no")));
  options.stop = {};

  fs::create_symlink("nowhere", dir.path("dangling"));  // is not followed, not made real, and not removed
  for (const char* out : {"dangling", "dangling/p", "dangling/p/q"}) {
    CHECK(error_of([&] { prepare(options, dir.path(out)); }).ends_with("found a link that leads nowhere"));
    CHECK(fs::is_symlink(dir.path("dangling")));
  }
}

TEST_CASE("the time split: nothing at or after a boundary changes what lies before it") {
  TempDir dir;
  const std::vector<std::string> weak{".train.inter", ".valid.inter"},
      strong{"train.csv", "unique_sid.txt", "validation_tr.csv", "validation_te.csv"};
  int compared = 0, filled = 0;
  for (unsigned table = 1; table <= 12; ++table) {
    // Rows of few users and items, so that pairs repeat and filters bite; one user of the last part is no number.
    std::vector<std::pair<std::string, int>> rows;
    unsigned state = table;
    const auto next = [&](unsigned n) {
      state = state * 1664525u + 1013904223u;
      return (state >> 8) % n;
    };
    for (int k = 0; k < 260; ++k) {
      const unsigned time = next(300), user = next(18) + time / 30, item = next(12) + time / 40;
      const std::string name = table % 3 == 0 && user > 25 ? "u" + std::to_string(user) : std::to_string(user);
      rows.emplace_back(name + "," + std::to_string(item) + "," + std::to_string(1 + next(5)) + ",",
                        static_cast<int>(time));
    }
    for (const TimeUsers users : {TimeUsers::all, TimeUsers::newly_seen}) {
      for (int filter = 0; filter < 8; ++filter) {
        // Boundaries are numbers, or dates of seconds, of milliseconds or of dates: a day is one of the 300.
        const int kind = static_cast<int>(table + static_cast<unsigned>(filter)) % 4;
        const auto moment = [&](int day) {
          const std::int64_t seconds = 86400 * (15000 + std::int64_t{day});
          return kind == 0   ? std::to_string(day)
                 : kind == 1 ? std::to_string(seconds)
                 : kind == 2 ? std::to_string(seconds * 1000)
                             : "201" + std::to_string(1 + day / 100) + "-01-" + std::to_string(10 + day % 100 / 5);
        };
        DataOptions options = options_for(dir.path("r.csv"));
        options.split = SplitKind::time;
        options.valid_from = kind == 0 ? "100" : kind == 3 ? "2012-01-10" : "2011-05-06";  // day 15100
        options.test_from = kind == 0 ? "200" : kind == 3 ? "2013-01-10" : "2011-08-14";
        options.time_users = users;
        options.min_items_per_user = filter == 1 ? 6 : filter == 4 ? 3 : 0;
        if (filter == 2 || filter == 4) options.min_users_per_item = filter == 2 ? 7 : 4;
        if (filter == 3 || filter == 4) options.threshold = 2;
        if (filter >= 5) options.user_inter_num_interval = filter == 5 ? "[4,inf)" : "[2,16]";
        if (filter == 6) options.item_inter_num_interval = "[5,inf)";
        if (filter == 6) options.rm_dup_inter = Repeated::last;
        if (filter == 7) options.val_interval = "{'rating': '[2,4]'}", options.rm_dup_inter = Repeated::first;
        const auto prepared_until = [&](int end) {
          std::string text = "userId,movieId,rating,timestamp\n";
          for (const auto& [row, time] : rows) text += time < end ? row + moment(time) + "\n" : "";
          if (end == 1000) text += kind == 3 ? "1,1,5,9999-12-31\n" : "1,1,5,253402214400000000\n";  // no real time
          dir.write("r.csv", text);
          const std::string out = dir.path("p" + std::to_string(++compared));
          prepare(options, out);
          std::vector<std::string> files;
          for (const std::string& name : users == TimeUsers::all ? weak : strong) {
            files.push_back(
                read_file(users == TimeUsers::all ? out + "/p" + std::to_string(compared) + name : out + "/" + name));
          }
          return files;
        };
        INFO(table << " " << name_of(users) << " " << filter);
        const auto whole = prepared_until(1000), without_test = prepared_until(200), train = prepared_until(100);
        CHECK(whole == without_test);
        CHECK(whole[0] == train[0]);
        if (users == TimeUsers::newly_seen) CHECK(whole[1] == train[1]);
        filled += whole[0].size() > 30 && whole[users == TimeUsers::all ? 1 : 2].size() > 30;
      }
    }
  }
  CHECK(filled > 90);  // of 192
}

TEST_CASE("what became of the rows: causes and parts add up") {
  TempDir dir;
  std::string table = some_table(90);
  table += ",100,3,5\n7,,3,5\n,,1,1\n";
  const auto check = [](const Summary& s) {
    const Dropped& d = s.dropped;
    std::int64_t dropped = 0;
    Dropped::visit(d, [&](const char*, const char*, std::int64_t count) { dropped += count; });
    CHECK(s.rows_read == dropped + s.train.rows + s.validation.rows + s.test.rows);
  };
  for (DataOptions options : every_split(dir.write("r.csv", table))) {
    for (const bool filtered : {false, true}) {
      if (filtered) {
        options.threshold = 2, options.min_users_per_item = 15, options.min_items_per_user = 4;
        options.val_interval = "{'rating': '[2,5]'}", options.user_inter_num_interval = "[3,inf)";
      }
      const Dataset dataset = load(options);
      const Summary& s = dataset.summary;
      INFO(name_of(*options.split) << " " << filtered);
      check(s);
      CHECK(s.rows_read == 90 * 12 + 3);
      CHECK(s.dropped.unreadable == 3);
      CHECK((s.dropped.threshold > 0) == (options.threshold.has_value()));
      CHECK((s.dropped.rare_items > 0) == filtered);
      CHECK((s.dropped.later > 0) == (options.time_users == TimeUsers::newly_seen));
      CHECK(s.dropped.repeated > 0);
      CHECK(s.train.users == static_cast<std::int64_t>(dataset.user_tokens.size()));
      CHECK(s.test.targets == dataset.test.targets.nnz());
    }
  }
  // By hand: of the held-out users b has no history, item z is in no training row, and a has its target already.
  const std::string header = "user_id:token\titem_id:token\n";
  dir.write("d/n.train.inter", header + "a\tx\na\tx\na\ty\n");
  dir.write("d/n.valid.inter", header + "b\ty\n");
  dir.write("d/n.test.inter", header + "a\tx\na\tz\nc\ty\n");
  const Summary given = load(options_for(dir.path("d"))).summary;
  check(given);
  CHECK(given.rows_read == 7);
  CHECK(given.dropped.repeated == 1);
  CHECK(given.train.rows == 2);
  CHECK(given.validation.empty_histories == 1);
  CHECK(given.validation.unknown_targets == 0);
  CHECK(given.test.users == 2);
  CHECK(given.test.targets == 3);
  CHECK(given.test.empty_histories == 1);
  CHECK(given.test.unknown_targets == 1);
  CHECK(given.test.masked_targets == 1);
}

TEST_CASE("the time split: no training interaction is later than any test interaction") {
  TempDir dir;
  for (const int users : {90, 400}) {
    DataOptions options = options_for(dir.write("r.csv", some_table(users)));
    options.min_items_per_user = 0;
    options.valid_from = "150";
    options.test_from = "300";
    check_that_nothing_is_trained_on_later(options, Format::table);
  }
}

TEST_CASE("the time split on ml-100k: no training interaction is later than any test interaction" * needs_datasets()) {
  DataOptions options = ml_100k();
  options.valid_from = "1998-02-15";
  options.test_from = "1998-03-15";
  check_that_nothing_is_trained_on_later(options, Format::inter);
}

TEST_CASE("ml-100k: RecBole's own split, row for row" * needs_datasets()) {
  TempDir dir;
  DataOptions options = ml_100k();
  const auto digest = [&](const std::string& name, const std::vector<std::size_t>& counts) {
    prepare(options, dir.path(name));
    std::string text;
    std::vector<std::size_t> found(3);
    for (const auto& line : listed(dir.path(name))) {
      text += line;
      ++found[line.ends_with("train\n") ? 0 : line.ends_with("valid\n") ? 1 : 2];
    }
    CHECK(found == counts);
    return fnv1a(text);
  };
  // Digests of lists whose SHA-256 begins with 742aa19c (RecBole 1.2.1's, seed 2020) and ddce6e08 (exact time).
  options.split = SplitKind::ratio;
  options.split_seed = 2020;
  CHECK(digest("random", {80808, 9596, 9596}) == 6007866371293330345u);
  options.split = SplitKind::loo;
  options.order = Order::time;
  CHECK(digest("time", {98114, 943, 943}) == 9981945530165311101u);
}

TEST_CASE("raw data and what prepare makes of them are the same data set") {
  TempDir dir;
  DataOptions options = options_for(dir.write("r.csv", some_table(90)));
  options.threshold = 2.5;
  options.heldout_users = 15;
  const Summary summary = prepare(options, dir.path("deep/er/p/"));
  CHECK(names_in(dir.path("deep/er")) == std::set<std::string>{"p"});
  CHECK(names_in(dir.path("deep/er/p")) == seven);
  const Dataset raw = load(options);
  CHECK(describe(raw.summary) == describe(summary));
  CHECK(raw.validation.targets.nnz() > 0);
  check_equal(raw, load(options_for(dir.path("deep/er/p"))));

  for (const auto& name : seven) {  // and compressed
    dir.write("z/" + name + ".gz", gzipped(read_file(dir.path("deep/er/p/" + name))));
  }
  check_equal(raw, load(options_for(dir.path("z"))));
}

TEST_CASE("an output directory that is in use, or cannot be made, is left alone") {
  TempDir dir;
  DataOptions options = options_for(dir.write("r.csv", some_table(50)));
  dir.write("full/x", "");
  CHECK(error_of([&] { prepare(options, dir.path("full")); }).find("expected a new or an empty directory") !=
        std::string::npos);
  CHECK(error_of([&] { prepare(options, dir.path("r.csv")); }).find("expected a new or an empty") != std::string::npos);
  CHECK(error_of([&] { prepare(options, dir.path("r.csv/p")); }).find("cannot be written") != std::string::npos);
  CHECK(error_of([&] { prepare(options, ""); }).starts_with("usage: --out"));
  options.heldout_users = 40;
  CHECK(error_of([&] { prepare(options, dir.path("new/p")); }).find("found 50") != std::string::npos);
  options.heldout_users = 5;
  int asked = 0, enough = 1 << 20;
  options.stop = [&] { return ++asked > enough; };
  prepare(options, dir.path("whole"));
  fs::remove_all(dir.path("whole"));
  for (enough = asked - 1; enough >= 0; --enough) {  // from the last moment, when all files are written, to the first
    asked = 0;
    CHECK_THROWS_AS(prepare(options, dir.path("new/er/p")), Stopped);
    CHECK(names_in(dir.path()) == std::set<std::string>{"full", "r.csv"});
  }
  options.stop = {};
  CHECK(error_of([&] { prepare(options, dir.path("new/er/") + std::string(250, 'x')); }).ends_with("too long"));
  CHECK(names_in(dir.path()) == std::set<std::string>{"full", "r.csv"});
  fs::create_directory(dir.path("empty"));
  prepare(options, dir.path("empty"));
  CHECK(names_in(dir.path("empty")) == seven);
  fs::create_directories(dir.path("meanwhile/.tmp-1"));  // of one that was killed
  options.stop = [&] {
    dir.write("meanwhile/train.csv", "another's");
    return false;
  };
  CHECK(error_of([&] { prepare(options, dir.path("meanwhile")); }).ends_with("found one that is in use"));
  CHECK(names_in(dir.path("meanwhile")) == std::set<std::string>{".tmp-1", "train.csv"});
  options.stop = {};
  CHECK(error_of([&] { prepare(options_for(dir.path("empty")), dir.path("again")); }).ends_with("already split"));
}

TEST_CASE("ml-100k: the bytes of the authors' preprocessing" * needs_datasets()) {
  TempDir dir;
  DataOptions options = ml_100k();
  options.threshold = 3.5;
  options.heldout_users = 100;
  prepare(options, dir.path("p"));
  dir.write("p/sums", R"(697ffdb997b1a2630c2055b7a314c1beea0205ad7d47ae2d037a23a1567bbfcf  train.csv
4317c4dfd49ff77c8dc78a2494f0cb00e33179822c1f6cdac7ecdd623121a1f4  validation_tr.csv
82827be21bf08f0fe77cfa4c9c2b982c0ce6a5bb3e53678e0be2c3f99cddfe9f  validation_te.csv
b0874e11ca12878bbe6d53eae2941e4ee372c569d32709c29c2277d30fc0c70a  test_tr.csv
6b803463e19ac7097a41f5b8e58a33e4eff25b09414beb4bb9e2bd29e72ce707  test_te.csv
68dedf17647849ff78eb0134c8db3e84fd4f9c44730219d0a370778550879d7b  unique_sid.txt
1cc8873e8faeb2140c4d24e2a14ff975cf8d51a498a6db308e0aa9921d6d4b06  unique_uid.txt
)");
  CHECK(std::system(("cd '" + dir.path("p") + "' && sha256sum --check --quiet sums").c_str()) == 0);
}
