#include "npy.h"

#include <bit>

namespace recvae {

static_assert(std::endian::native == std::endian::little, "the header says that numbers are");

std::string npy_header(ad::Index rows, ad::Index cols) {
  constexpr std::size_t kBefore = 10, kAligned = 64;  // magic number, version and length; where numbers begin
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                     std::to_string(cols) + "), }";
  const std::size_t padded = (kBefore + text.size() + 1 + kAligned - 1) / kAligned * kAligned - kBefore;
  text.resize(padded - 1, ' ');
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(padded & 255) + static_cast<char>(padded >> 8) + text +
         "\n";
}

}  // namespace recvae
