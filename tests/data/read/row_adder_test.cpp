#include "data/read/row_adder.h"

#include "../support.h"

using namespace recvae::data;
using recvae::test::pairs;

namespace {

std::string name(int k) { return std::string(static_cast<std::size_t>(k % 7), 'x') + std::to_string(k); }

}  // namespace

TEST_CASE("rows that are added on a thread are those that are added at once") {
  for (const int rows : {0, 1, 5000, 100'000}) {
    InteractionBuilder expected, found;
    RowAdder adder(found);
    for (int k = 0; k < rows; ++k) {
      const std::string user = k % 11 == 3 ? "" : name(k / 3 % 500), item = name(k % 700);
      const auto add = [&](auto& to) { to.add(user, item, 0.5 * k, std::nullopt, k % 2 == 0); };
      add(expected);
      add(adder);
    }
    adder.finish();
    const Interactions a = expected.take(), b = found.take();
    CHECK(pairs(a) == pairs(b));
    CHECK(a.ratings == b.ratings);
    CHECK(a.kept == b.kept);
    CHECK(b.times.empty());
    CHECK(a.dropped.unreadable == b.dropped.unreadable);
  }
}

TEST_CASE("an adder that is left in the midst, as by an error, ends") {
  InteractionBuilder builder;
  {
    RowAdder adder(builder);
    for (int k = 0; k < 200'000; ++k) adder.add(name(k % 1000), name(k), 1.0, {}, {});
  }
  CHECK(builder.rows() <= 200'000);
}

TEST_CASE("long ids fill a batch, too") {
  InteractionBuilder builder;
  RowAdder adder(builder);
  const std::string long_name(1 << 20, 'a');
  for (int k = 0; k < 40; ++k) adder.add(long_name + std::to_string(k % 2), "x", {}, {}, {});
  adder.finish();
  CHECK(builder.take().user_tokens.size() == 2);
}
