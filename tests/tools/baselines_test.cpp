#include "tools/common/baselines.h"

#include <doctest/doctest.h>

#include "tools/common/blending.h"

using namespace recvae;
using namespace recvae::tools;

TEST_CASE("the baselines of a blend have to fit into the memory together") {
  data::Csr train;
  train.cols = 8000;
  const double one = announce_baseline("ease", train, {}), available = available_memory();
  CHECK(one > 5e8);
  CHECK(announce_baseline("ease", train, {}, 1000) == one + 1000);
  if (available > 1e12) return;  // or the system does not say
  std::vector<Part> parts;
  for (double sum = 0; sum < 2 * available; sum += one) parts.push_back({"ease", {}, {}});
  CHECK_THROWS_WITH_AS(announce_parts(parts, train), doctest::Contains("the blend's other parts included"),
                       data::DataError);
  CHECK_NOTHROW(announce_parts({parts[0], {"popularity", {}, {}}}, train));
}
