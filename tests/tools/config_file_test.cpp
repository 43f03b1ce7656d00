#include "config_file.h"

#include <doctest/doctest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "../support/temp_dir.h"
#include "command_line.h"
#include "data/error.h"
#include "recvae/json_value.h"
#include "tools/common/model_metadata.h"
#include "tools/training/run_config.h"

using namespace recvae;
using namespace recvae::tools;

namespace {

const test::TempDir& folder() {
  static const test::TempDir dir;
  return dir;
}

std::vector<ConfigEntry> read(const std::string& text) { return read_config(folder().write("x.yaml", text)); }

/// What is said of a file of that text, without the file's path.
std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const data::DataError& error) {
    const std::string message = error.what();
    REQUIRE(message.starts_with(folder().path("x.yaml:")));
    return message.substr(folder().path("x.yaml:").size());
  }
  return "nothing";
}

/// The value of the only key.
std::string value_of(const std::string& text) {
  const auto entries = read(text);
  REQUIRE(entries.size() == 1);
  return entries[0].value;
}

// A value that differs from the default, and is awkward to write.
void change(bool& value) { value = !value; }
void change(int& value) { value = -7; }
void change(std::int64_t& value) { value = std::numeric_limits<std::int64_t>::min(); }
void change(std::uint64_t& value) { value = std::numeric_limits<std::uint64_t>::max(); }
void change(double& value) { value = 1e-7 / 3; }
void change(std::string& value) { value = " a: 'b' #\t\"\\\x7f\xc3\xa9\xff"; }
template <class T>
void change(std::vector<T>& values) {
  values.assign(2, T{});
  for (T& value : values) change(value);
}
template <class T>
void change(std::optional<T>& value) {
  if constexpr (std::is_enum_v<T>)
    value = std::end(data::kNames<T>)[-1].value;
  else
    change(value.emplace());
}

}  // namespace

TEST_CASE("config: keys, texts, lists and nulls of a file in its order") {
  const auto entries = read("# x\nb: 1e-3\na-b: [x, ' y', 5]\nc:\n- 1\n- 2\n\nd: ~\n\"e\": 'no # \"text'\n");
  const std::vector<std::string> keys{"b", "a_b", "c", "d", "e"},
      values{"1e-3", "[x,\" y\",5]", "[1,2]", "none", "no # \"text"};
  const std::vector<std::int64_t> lines{2, 3, 4, 8, 9};
  REQUIRE(entries.size() == keys.size());
  for (std::size_t k = 0; k < keys.size(); ++k) {
    CHECK(entries[k].key == keys[k]);
    CHECK(entries[k].value == values[k]);
    CHECK(entries[k].line == lines[k]);
    CHECK(entries[k].is_null == (keys[k] == "d"));
  }
  CHECK(read("").empty());
  CHECK(read("# nothing\n").empty());
  CHECK(read("---\n").empty());
  CHECK(value_of("\xef\xbb\xbfk: v\r\n") == "v");
  CHECK(value_of("k: []") == "[]");
}

TEST_CASE("config: a value is literal text") {
  for (const std::string text :
       {"on", "yes", "True", "007", "0x10", "1_000", "1e5", "None", "none", ".inf", "2024-01-31"}) {
    CHECK(value_of("k: " + text) == text);
    CHECK(value_of("k: '" + text + "'") == text);
  }
  for (const std::string null : {"null", "~", "", "Null"}) {
    const auto entries = read("k: " + null);
    CHECK(entries[0].is_null);
    CHECK(entries[0].value == "none");
  }
  CHECK_FALSE(read("k: 'null'")[0].is_null);
}

TEST_CASE("config: lists are read as the command line reads them") {
  for (const auto& list :
       std::vector<std::vector<std::string>>{{"a"}, {" a", "b "}, {"\"x\"", "'"}, {"[a]", "]"}, {"a b", "#"}}) {
    const std::string text = config_text({{"k", list}});
    CAPTURE(text);
    CHECK(parse_list(value_of(text)) == list);
  }
}

TEST_CASE("config: what is nested is a literal's text") {
  CHECK(value_of("k:\n  split: {'RS': [0.8, 0.1, 0.1]}\n  order: TO\n  none: ~\n") ==
        "{split: {RS: [0.8, 0.1, 0.1]}, order: TO, none: none}");
  CHECK(value_of("k: {rating: \"[4,inf)\", tag: ['a,b', \"c'd\"]}\n") ==
        R"x({rating: "[4,inf)", tag: ["a,b", "c'd"]})x");
  CHECK(value_of("k: [[1, 2], [3]]\n") == "[[1, 2], [3]]");
  CHECK(value_of("k: {}\n") == "{}");
}

TEST_CASE("config: what is refused, with its line") {
  const std::string value = "expected a value, found ";
  CHECK(refusal("a: ['b,c']\n") == "1: expected values without a comma in a list, found 'b,c'");
  CHECK(refusal("a:\n  b: 1\n  c: 2\n  b: 3\n") == "4: key 'b' twice, the first is in line 2");
  CHECK(refusal("a: {b: {c: 1, c: 2}}\n") == "1: key 'c' twice, the first is in line 1");
  CHECK(refusal("a: {b: }\n? [c]\n: d\n").starts_with("2: expected key: value, found a list"));
  CHECK(refusal("a: [[[[[[1]]]]]]\n") == "nothing");
  CHECK(refusal("a: [[[[[[[1]]]]]]]\n") == "1: expected at most 6 levels of lists and maps, found a list");
  for (const char open : {'[', '{'}) CHECK(refusal("a: " + std::string(200'000, open)).starts_with("1: "));
  std::string steps = "a:\n";
  for (std::size_t k = 1; k < 9; ++k) steps += std::string(k, ' ') + "b:\n";
  CHECK(refusal(steps) == "8: expected at most 6 levels of lists and maps, found a map");
  CHECK(refusal("a: &x [1]\nb: [*x, *x]\n") == "1: " + value + "an anchor 'x'");
  CHECK(refusal("a: {\tb: 1}\n\tc: 2\n").starts_with("2: is no YAML"));
  CHECK(refusal("a: &x 1\n") == "1: " + value + "an anchor 'x'");
  CHECK(refusal("a: 1\nb: !!int 2\n") == "2: " + value + "a tag 'tag:yaml.org,2002:int'");
  CHECK(refusal("a: 1\n---\nb: 1\n") == "2: expected one document, found another");
  CHECK(refusal("- a\n") == "1: expected key: value, found a list");
  CHECK(refusal("\ntext\n") == "2: expected key: value, found 'text'");
  CHECK(refusal(": 1\n") == "1: expected key: value, found no key");
  CHECK(refusal("[a]: 1\n").starts_with("1: "));
  CHECK(refusal("? {a: b}\n: 1\n") == "1: expected key: value, found a map");
  CHECK(refusal("a-b: 1\nc: 1\na_b: 2\n") == "3: key 'a_b' twice, the first is in line 1");
  CHECK(refusal("a: \"x\\0y\"\n") == "1: expected text, found 'x\\x00y'");
  CHECK(refusal("a: 1\nb: \x04\n") == "2: expected text, found '\\x04'");
  for (const std::string open : {"[1", "[1\n", "[1,\n", "{", "{\n", "'x", "'x\n", "\"x\n", "\"x\n\n"}) {
    CAPTURE(open);
    CHECK(refusal("a: 1\nb: " + open) != "nothing");
  }
  CHECK(refusal("a: 1\nb: \"x\n") == "3: is no YAML: illegal EOF in scalar");
  CHECK(refusal("a: 1\nb: c: d\n") == "2: is no YAML: illegal map value");
  CHECK_THROWS_WITH_AS(read_config(folder().path("none")), (folder().path("none") + ": cannot be opened").c_str(),
                       data::DataError);
  CHECK_THROWS_WITH_AS(read_config(folder().path()), (folder().path() + ": cannot be read").c_str(), data::DataError);
  CHECK_THROWS_AS(read_config("/dev/zero"), data::DataError);
  CHECK_THROWS_AS(read(std::string(1 << 20, '#') + "\n"), data::DataError);
}

TEST_CASE("config: texts and numbers survive being written") {
  for (const std::string text : {"word",
                                 "007",
                                 "null",
                                 "true",
                                 "No",
                                 "on",
                                 "~",
                                 "1e5",
                                 "-",
                                 "a: b",
                                 "#x",
                                 "a #b",
                                 " a",
                                 "a ",
                                 "[a]",
                                 "{",
                                 "*a",
                                 "&a",
                                 "!a",
                                 "|",
                                 ">",
                                 "%a",
                                 "@a",
                                 "`a",
                                 "'a'",
                                 "\"",
                                 "\\",
                                 "a\nb",
                                 "\r\n",
                                 "\t",
                                 "\x01\x1f\x7f",
                                 "\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80",
                                 "\xc2\x85",
                                 "\xef\xbb\xbf",
                                 "\xff",
                                 "/a b/c",
                                 "ndcg@10",
                                 "a,b",
                                 "---",
                                 "...",
                                 "none",
                                 "? a",
                                 "- a",
                                 ":",
                                 "http://x"}) {
    CAPTURE(text);
    CHECK(value_of(config_text({{"k", text}})) == text);
  }
  for (const double number : {0.1, 1.0 / 3, 1e-300, 5e-324, 1.7976931348623157e308, -0.0, 5e-4, 1e22}) {
    double out = 1;
    parse_value(value_of(config_text({{"k", number}})), out);
    CHECK(out == number);
  }
  const auto null = read(config_text(nlohmann::ordered_json{{"k", nullptr}}));
  CHECK(null[0].is_null);
  CHECK(config_text({{"b", true}, {"a", {1, 2}}, {"c", {"x", "1"}}}) == "b: true\na: [1, 2]\nc: [x, \"1\"]\n");
}

TEST_CASE("config: every setting and data option survives being written") {
  RunConfig run, found;
  const auto changed = [](const char*, const char*, auto& member) { change(member); };
  Settings::visit(changed, run.settings);
  data::DataOptions::visit([](const data::Option&, auto& member) { change(member); }, run.data);
  const std::string file = folder().write("run.yaml", config_text(run));
  std::string arguments[] = {"test", "--config", file};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data()};
  CommandLine line("test", 3, argv);
  line.config();
  add_data_options(line, found.data);
  Settings::visit([&](const char* name, const char* help, auto& member) { line.add(name, &member, help); },
                  found.settings);
  REQUIRE(line.parse());
  const auto equal = [&](const std::string& name, const auto& a, const auto& b) {
    CAPTURE(name);
    CHECK(a == b);
    CHECK(line.given(name));
    CHECK(line.where(name).starts_with(file + ":"));
  };
  Settings::visit([&](const char* name, const char*, auto& a, auto& b) { equal(name, a, b); }, run.settings,
                  found.settings);
  data::DataOptions::visit([&](const data::Option& o, auto& a, auto& b) { equal(o.name, a, b); }, run.data, found.data);
  CHECK(config_text(found) == config_text(run));
}

TEST_CASE("config: a run's paths become absolute, but no names of texts") {
  RunConfig run;
  run.data.path = "a/../b";
  run.init_from = "/c/./d";
  const RunConfig absolute = with_absolute_paths(run);
  CHECK(absolute.data.path == (std::filesystem::current_path() / "a/../b").string());  // a may be a link
  CHECK(absolute.init_from == "/c/d");
  for (const std::string name : {"-", "demo", ""}) {
    run.data.path = name;
    CHECK(with_absolute_paths(run).data.path == name);
  }
}
