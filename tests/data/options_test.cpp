#include "data/options.h"

#include "support.h"

#include <string>

using namespace recvae::data;

namespace {

template <class E>
std::string error_of(const std::string& text) {
  std::optional<E> value;
  try {
    parse_value(text, value);
  } catch (const std::invalid_argument& expected) {
    return expected.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("values of options by their names") {
  CHECK(error_of<SplitKind>("storng") == "strong, ratio, loo or time");
  CHECK(error_of<Order>("TS") == "RO or TO");
  CHECK(error_of<GroupBy>("item") == "user or none");
  CHECK(error_of<TimeUsers>("old") == "all or new");
  CHECK(error_of<TestHistory>("some") == "all or train");
  std::optional<SplitKind> split;
  for (const char* name : {"strong", "ratio", "loo", "time"}) {
    parse_value(name, split);
    CHECK(name_of(split.value()) == name);
  }
}

TEST_CASE("none is no value, or the value of that name") {
  for (const char* none : {"none", "None", "null"}) {
    std::optional<GroupBy> group = GroupBy::user;
    parse_value(none, group);
    CHECK(group == GroupBy::none);
    std::optional<Order> order = Order::time;
    parse_value(none, order);
    CHECK_FALSE(order);
  }
  std::optional<GroupBy> group = GroupBy::user;
  parse_value("", group);
  CHECK_FALSE(group);
}

TEST_CASE("the options: each once; a random split is drawn by one seed unless another is given") {
  DataOptions options;
  std::string names;
  DataOptions::visit([&](const Option& option, const auto&) { names += std::string(option.name) + " "; }, options);
  CHECK(names ==
        "data data_format user_field item_field rating_field time_field field_separator benchmark_filename "
        "rm_dup_inter val_interval user_inter_num_interval item_inter_num_interval threshold min_users_per_item "
        "min_items_per_user split heldout_users ratios order group_by valid_from test_from time_users split_seed "
        "validation_ratio test_history ");
  CHECK(options.seed() == 98765);
  options.split_seed = 7;
  CHECK(options.seed() == 7);
}

TEST_CASE("RecBole's filters and names: what is none is bad usage") {
  const auto refused = [](auto set) {
    DataOptions options;
    options.path = "x";
    set(options);
    return recvae::test::error_of([&] { check_options(options); });
  };
  CHECK(refused([](DataOptions& o) { o.val_interval = "{'rating': '[4'}"; }) ==
        "usage: --val_interval: expected intervals such as [4,inf) or (0,1];[3,3], found '{'rating': '[4'}'");
  CHECK(refused([](DataOptions& o) {
          o.user_inter_num_interval = "5";
        }).starts_with("usage: --user_inter_num_interval:"));
  CHECK(refused([](DataOptions& o) { o.item_inter_num_interval = "[5,1]"; }) ==
        "usage: --item_inter_num_interval: expected an interval from a lower to a higher number, found '[5,1]'");
  CHECK(refused([](DataOptions& o) {
          o.benchmark_filename = {"a", "b"};
        }) == "usage: --benchmark_filename: expected three different names, found 'a,b'");
  CHECK(refused([](DataOptions& o) { o.benchmark_filename = {"a", "b", "a"}; }) != "no error");
  CHECK(refused([](DataOptions& o) { o.benchmark_filename = {"a", "../b", "c"}; }) != "no error");
  CHECK(refused([](DataOptions& o) {
          o.val_interval = "{'rating': '[4,inf)'}";
          o.benchmark_filename = {"a", "b", "c"};
        }) == "no error");
}
