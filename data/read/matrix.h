// Sparse matrices that another program holds in memory, such as scipy's csr_matrix.
#pragma once

#include <cstdint>
#include <string>

#include "../../autodiff/kernels/api.h"
#include "../csr.h"

namespace recvae::data {

/// What numbers in another program's memory are.
enum class NumberType { i8, u8, i16, u16, i32, u32, i64, u64, f32, f64 };

/// A sparse matrix in compressed rows, in memory that is not ours: row u has the columns indices[k], and the numbers
/// values[k], for indptr[u] <= k < indptr[u + 1].
struct ForeignCsr {
  std::int64_t rows = 0;                      ///< number of rows
  std::int64_t cols = 0;                      ///< number of columns
  std::int64_t nnz = 0;                       ///< numbers in `indices` and `values`: nothing is read beyond
  const void* indptr = nullptr;               ///< rows + 1 offsets, i32 or i64; the first need not be 0
  NumberType indptr_type = NumberType::i32;   ///< see there
  const void* indices = nullptr;              ///< nnz columns, i32 or i64
  NumberType indices_type = NumberType::i32;  ///< see there
  const void* values = nullptr;               ///< nnz numbers; null: all are 1
  NumberType values_type = NumberType::f32;   ///< see there
  std::int64_t first_row = 0;                 ///< what messages call the first row
};

/// The matrix with a one wherever the other one has a number above 0. Where its columns are i32 and ascend in each row,
/// and no number is 0, they stay where they are, and whoever made them keeps them: there is no copy but of the offsets.
/// Else columns are sorted, each kept once, and those of zeros left out. Throws UsageError, which begins with `name`,
/// for what is no such matrix, and for a number that is negative or none.
RECVAE_API Csr read_matrix(const ForeignCsr& matrix, const std::string& name);

}  // namespace recvae::data
