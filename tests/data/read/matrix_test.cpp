#include "data/read/matrix.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "data/error.h"

using namespace recvae::data;

namespace {

const std::vector<std::int32_t> kOffsets{0, 2, 2, 4};
const std::vector<std::int32_t> kColumns{1, 3, 0, 2};

ForeignCsr matrix() { return {.rows = 3, .cols = 4, .nnz = 4, .indptr = kOffsets.data(), .indices = kColumns.data()}; }

std::string refusal(const ForeignCsr& m) {
  try {
    read_matrix(m, "train");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("read_matrix reads sorted columns where they lie") {
  const Csr csr = read_matrix(matrix(), "train");
  CHECK(csr.items.data() == kColumns.data());
  CHECK(csr == Csr{4, {0, 2, 2, 4}, {1, 3, 0, 2}});
  const Csr copy = csr;
  CHECK(copy.items.data() == kColumns.data());
  Csr changed = csr;
  changed.append(std::vector{1});
  CHECK(changed.items.data() != kColumns.data());
  CHECK(changed == Csr{4, {0, 2, 2, 4, 5}, {1, 3, 0, 2, 1}});
  Csr with_empty = csr;
  with_empty.append({});
  CHECK(with_empty.items.data() == kColumns.data());
  ForeignCsr m = matrix();
  const std::vector<float> values{1, 0.5, 3, 1};
  m.values = values.data();
  CHECK(read_matrix(m, "train").items.data() == kColumns.data());
}

TEST_CASE("read_matrix of some rows of a larger matrix") {
  ForeignCsr m = matrix();
  m.rows = 1;
  m.indptr = kOffsets.data() + 2;
  CHECK(read_matrix(m, "train") == Csr{4, {0, 2}, {0, 2}});
  CHECK(read_matrix(m, "train").items.data() == kColumns.data() + 2);
  const std::vector<float> values{-1, -1, 0, 1};
  m.values = values.data();
  CHECK(read_matrix(m, "train") == Csr{4, {0, 1}, {2}});
}

TEST_CASE("read_matrix of wide, unsorted, repeated columns and of zeros") {
  const std::vector<std::int64_t> offsets{0, 3, 3, 6}, columns{3, 1, 3, 2, 0, 1};
  const std::vector<double> values{1, 2, 1, 1, 1, 0};
  ForeignCsr m{.rows = 3,
               .cols = 4,
               .nnz = 6,
               .indptr = offsets.data(),
               .indptr_type = NumberType::i64,
               .indices = columns.data(),
               .indices_type = NumberType::i64,
               .values = values.data(),
               .values_type = NumberType::f64};
  CHECK(read_matrix(m, "train") == Csr{4, {0, 2, 2, 4}, {1, 3, 0, 2}});
  const std::vector<std::uint8_t> bits{1, 1, 1, 1, 1, 0};
  m.values = bits.data();
  m.values_type = NumberType::u8;
  CHECK(read_matrix(m, "train") == Csr{4, {0, 2, 2, 4}, {1, 3, 0, 2}});
  CHECK(read_matrix({.indptr = kOffsets.data()}, "train") == Csr{});
  CHECK(read_matrix({.rows = 1, .indptr = std::vector<std::int32_t>{0, 0}.data()}, "train").rows() == 1);
}

TEST_CASE("read_matrix refuses what is no matrix of numbers from 0 on") {
  ForeignCsr m = matrix();
  m.cols = 3;
  CHECK(refusal(m) == "train: row 0: expected columns from 0 to 2, found 3");
  m = matrix();
  m.nnz = 3;
  CHECK(refusal(m) == "train: row 2: expected an end from 2 to 3, found 4");
  const std::vector<std::int32_t> descend{0, 2, 1, 4}, early{-1, 2, 2, 4};
  m = matrix();
  m.indptr = descend.data();
  CHECK(refusal(m) == "train: row 1: expected an end from 2 to 4, found 1");
  m.indptr = early.data();
  CHECK(refusal(m) == "train: expected offsets from 0 on, found -1");
  m.indptr = nullptr;
  CHECK(refusal(m) == "train: expected offsets, found none");
  m = matrix();
  m.indices = nullptr;
  CHECK(refusal(m) == "train: expected 4 columns, found none");
  m = matrix();
  m.rows = -1;
  CHECK(refusal(m) == "train: expected a number of rows below 2^31, found -1");
  m = matrix();
  m.cols = std::int64_t{1} << 31;
  CHECK(refusal(m) == "train: expected a number of columns below 2^31, found 2147483648");
  m = matrix();
  m.indices_type = NumberType::f32;
  CHECK(refusal(m) == "train: expected offsets and columns of 32 or 64 bits");
  for (const float bad : {-1.0f, NAN, INFINITY}) {
    const std::vector<float> values{1, 1, 1, bad};
    m = matrix();
    m.values = values.data();
    CHECK(refusal(m).starts_with("train: expected finite numbers from 0 on, found "));
  }
}
