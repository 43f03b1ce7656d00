// The header of a safetensors file: JSON that others may have written. Private to safetensors.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "safetensors.h"

namespace ad::nn {

struct SafetensorsHeader {
  Metadata metadata;
  std::map<std::string, TensorInfo> tensors;
};

/// Bytes of an element; 0: a type that is not known.
std::uint64_t dtype_size(const std::string& dtype);

/// Reads a header in time and memory linear in its length, and checks that the tensors are all of `data_size` bytes,
/// without gap and overlap. Throws Error, without a path, that says what was expected.
SafetensorsHeader parse_safetensors_header(const std::string& text, std::uint64_t data_size);

}  // namespace ad::nn
