#pragma once

#include <vector>

#include "data/csr.h"

namespace recvae::test {

/// The matrix with these rows, each ascending.
inline data::Csr csr(std::int32_t cols, const std::vector<std::vector<std::int32_t>>& rows) {
  data::Csr m;
  m.cols = cols;
  for (const auto& row : rows) m.append(row);
  return m;
}

}  // namespace recvae::test
