#include "data/error.h"

#include <doctest/doctest.h>

#include <cmath>

#include "data/options.h"
#include "support.h"

using namespace recvae::data;
using recvae::test::error_of;

TEST_CASE("excerpt shows text, hides what would spoil a line, and is short") {
  CHECK(excerpt("abc") == "'abc'");
  CHECK(excerpt("a\tb\n\x7f") == "'a\\x09b\\x0a\\x7f'");
  CHECK(excerpt("caf\xc3\xa9 \xf0\x9f\x98\x80") == "'caf\xc3\xa9 \xf0\x9f\x98\x80'");
  CHECK(excerpt("\xff\xc3") == "'\\xff\\xc3'");
  CHECK(excerpt("\xc0\xaf\xed\xa0\x80") == "'\\xc0\\xaf\\xed\\xa0\\x80'");  // overlong, surrogate
  CHECK(excerpt(std::string(100, 'x')) == "'" + std::string(40, 'x') + "...'");
}

TEST_CASE("error_at names file and line") {
  CHECK(std::string(error_at("a.csv", 17, "3 columns", "2").what()) == "a.csv:17: expected 3 columns, found 2");
}

TEST_CASE("options that are wrong whatever the data") {
  const auto with = [](auto change) {
    DataOptions options = recvae::test::options_for("x");
    change(options);
    return error_of([&] { check_options(options); });
  };
  CHECK(with([](auto&) {}) == "no error");
  CHECK(with([](auto& o) { o.path = ""; }).starts_with("usage: --data:"));
  CHECK(with([](auto& o) { o.threshold = std::nan(""); }).starts_with("usage: --threshold:"));
  CHECK(with([](auto& o) { o.min_users_per_item = -1; }).starts_with("usage: --min_users_per_item:"));
  CHECK(with([](auto& o) { o.min_items_per_user = -1; }).starts_with("usage: --min_items_per_user:"));
  CHECK(with([](auto& o) { o.heldout_users = 0; }) == "usage: --heldout_users: expected at least 1, found 0");
  CHECK(with([](auto& o) { o.split_seed = std::uint64_t{1} << 32; }).starts_with("usage: --split_seed:"));
  CHECK(with([](auto& o) { o.validation_ratio = 1; }).starts_with("usage: --validation_ratio:"));
  CHECK(with([](auto& o) { parse_value("loo", o.split); }) == "no error");
}

TEST_CASE("options of splits") {
  DataOptions options;
  const auto with = [&](const std::string& split, auto change) {
    options = recvae::test::options_for("x");
    parse_value(split, options.split);
    change(options);
    return error_of([&] { check_options(options); });
  };
  const auto ratios = [&](std::vector<double> values) { return with("ratio", [&](auto& o) { o.ratios = values; }); };
  CHECK(ratios({0.8, 0.1, 0.1}) == "no error");
  CHECK(ratios({8, 0, 0}) == "no error");
  CHECK(ratios({0.8, 0.2}) == "usage: --ratios: expected three numbers, found 2");
  CHECK(ratios({0.8, 0.1, 0.05, 0.05}).starts_with("usage: --ratios"));
  CHECK(ratios({0, 0.5, 0.5}).starts_with("usage: --ratios: expected a part for training"));
  CHECK(ratios({0.8, -0.1, 0.1}).starts_with("usage: --ratios"));
  CHECK(ratios({0.8, std::nan(""), 0.1}).starts_with("usage: --ratios"));
  CHECK(ratios({0.8, INFINITY, 0.1}).starts_with("usage: --ratios"));
  CHECK(ratios({1e308, 1e308, 1e308}).starts_with("usage: --ratios"));
  CHECK(with("strong", [](auto& o) { parse_value("train", o.test_history); }) == "no error");

  const auto time = [&](const std::string& valid_from, const std::string& test_from, const std::string& users = "") {
    return with("time", [&](auto& o) {
      o.valid_from = valid_from;
      o.test_from = test_from;
      parse_value(users, o.time_users);
    });
  };
  CHECK(time("5", "5") == "no error");
  CHECK(time("2020-01-01", "2020-01-01", "new") == "no error");
  CHECK(time("2020-01-01", "7") == "no error");  // the data will tell
  CHECK(time("5", "") == "usage: --split time: expected --test_from, found none");
  CHECK(time("", "5") == "usage: --split time: expected --valid_from, found none");
  CHECK(time("6", "5").starts_with("usage: --valid_from: expected a moment that is not after --test_from 5"));
  CHECK(time("2020-01-02", "2020-01-01").starts_with("usage: --valid_from"));
  CHECK(time("2020-02-30", "2020-03-01") ==
        "usage: --valid_from: expected a number or an ISO 8601 date or time, found '2020-02-30'");
  CHECK(time("1", "soon").starts_with("usage: --test_from"));

  // What belongs to another split, or to none at all.
  CHECK(with("loo", [](auto& o) {
          o.ratios = {1, 1, 1};
        }) == "usage: --ratios: expected --split ratio, found --split loo");
  CHECK(with("", [](auto& o) { o.ratios = {1, 1, 1}; }) == "usage: --ratios: expected --split ratio, found no --split");
  CHECK(with("strong", [](auto& o) { parse_value("TO", o.order); }) ==
        "usage: --order: expected --split ratio or loo, found --split strong");
  CHECK(with("time", [](auto& o) { parse_value("TO", o.order); }).starts_with("usage: --order"));
  CHECK(with("loo", [](auto& o) { parse_value("user", o.group_by); }) == "no error");
  CHECK(with("loo", [](auto& o) { parse_value("none", o.group_by); }) ==
        "usage: --group_by none: expected --split ratio, found --split loo");
  CHECK(with("ratio", [](auto& o) { parse_value("None", o.group_by); }) == "no error");
  CHECK(with("", [](auto& o) { parse_value("user", o.group_by); }).starts_with("usage: --group_by"));
  CHECK(with("ratio", [](auto& o) { o.valid_from = "1"; }).starts_with("usage: --valid_from"));
  CHECK(with("", [](auto& o) { o.test_from = "1"; }).starts_with("usage: --test_from"));
  CHECK(with("loo", [](auto& o) { parse_value("new", o.time_users); }).starts_with("usage: --time_users"));
  for (const char* split : {"ratio", "loo", "time"}) {
    CHECK(with(split, [](auto& o) { o.heldout_users = 5; }) ==
          std::string("usage: --heldout_users: expected --split strong, found --split ") + split);
  }
  CHECK(with("ratio", [](auto& o) { o.split_seed = 5; }) == "no error");
  options = recvae::test::options_for("x");
  options.order = Order::time;
  CHECK(error_of([&] { check_options(options, false); }) == "no error");
  options.split = SplitKind::strong;
  CHECK(error_of([&] { check_options(options, false); }).starts_with("usage: --order"));
}

TEST_CASE("how far a name is from one that may be meant") {
  CHECK(name_distance("latent_dimendion", "latent_dimension") == 1);
  CHECK(name_distance("beta", "beta") == 0);
  CHECK(name_distance("ab", "ba") == 2);
  CHECK(name_distance("", "abc") == 3);
  CHECK(name_distance("latent", "latent_dimension") == 2);  // a part is near
}
