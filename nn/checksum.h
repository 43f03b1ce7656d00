// What tells a damaged file from a sound one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "../autodiff/kernels/api.h"

namespace ad::nn {

/// The XXH3 hash of 128 bits of bytes that come a piece at a time.
class RECVAE_API Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(Checksum&&) noexcept;             ///< takes over
  Checksum& operator=(Checksum&&) noexcept;  ///< takes over

  void add(const void* bytes, std::size_t count);                       ///< the next piece
  void add(const std::string& text) { add(text.data(), text.size()); }  ///< the next piece
  std::string digits() const;  ///< 32 hexadecimal ones, as `xxhsum -H2` prints them

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// That of a regular file. Throws Error("<path>: ...") where it cannot be read.
RECVAE_API std::string checksum_of_file(const std::string& path);

}  // namespace ad::nn
