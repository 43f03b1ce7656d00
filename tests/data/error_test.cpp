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
  CHECK(with([](auto& o) { o.split = "ratio"; }) == "usage: --split ratio is not supported yet; expected strong");
  CHECK(with([](auto& o) { o.split = "storng"; }).starts_with("usage: --split: expected strong"));
}
