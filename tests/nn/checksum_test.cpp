#include "nn/checksum.h"

#include <doctest/doctest.h>

#include "../support/temp_dir.h"
#include "autodiff/tensor.h"
#include "nn/atomic_file.h"

using namespace ad::nn;
using recvae::test::TempDir;

TEST_CASE("checksum: XXH3 of 128 bits, however the bytes come, and however they are written") {
  CHECK(Checksum().digits() == "99aa06d3014798d86001c324468d497f");  // as the specification has it for no bytes
  std::string text;
  for (unsigned i = 0; i < 3'000'000; ++i) text += static_cast<char>(i * i >> 3);
  Checksum whole, parts;
  whole.add(text);
  for (std::size_t at = 0, n = 1; at < text.size(); at += n, n = n * 3 + 1) parts.add(text.substr(at, n));
  CHECK(parts.digits() == whole.digits());
  const TempDir dir;
  CHECK(write_file(dir.path("x"), text) == whole.digits());
  CHECK(checksum_of_file(dir.path("x")) == whole.digits());
  text[1'234'567] ^= 1;
  dir.write("x", text);
  CHECK(checksum_of_file(dir.path("x")) != whole.digits());
  CHECK_THROWS_WITH_AS(checksum_of_file(dir.path("none")), (dir.path("none") + ": cannot be opened").c_str(),
                       ad::Error);
  CHECK_THROWS_AS(checksum_of_file(dir.path()), ad::Error);
}
