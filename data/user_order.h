#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace recvae::data {

/// Indices of `tokens` in the authors' order: by value if every one is a decimal integer (equal values by bytes), else
/// by bytes.
std::vector<std::int32_t> sorted_order(const std::vector<std::string>& tokens);

}  // namespace recvae::data
