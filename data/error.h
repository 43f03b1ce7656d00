#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "../autodiff/kernels/api.h"

namespace recvae::data {

/// The data are wrong or cannot be read or written: `file:line: expected X, found Y`.
class RECVAE_API DataError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The options are wrong, whatever the data.
class RECVAE_API UsageError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// The caller asked to stop before the work was done; nothing was left behind.
class RECVAE_API Stopped : public std::runtime_error {
 public:
  Stopped() : std::runtime_error("stopped") {}
};

/// `file:line: expected X, found Y`; both as they are to be read, see `excerpt`.
RECVAE_API DataError error_at(std::string_view file, std::int64_t line, std::string_view expected,
                              std::string_view found);

/// Bytes of the well-formed printable UTF-8 character that `text`, which is not empty, begins with; 0 if it does not.
RECVAE_API std::size_t printable_length(std::string_view text);

/// `'text'` for a message: shortened to `longest` bytes, bytes that are not printable UTF-8 written in hexadecimal.
RECVAE_API std::string excerpt(std::string_view text, std::size_t longest = 40);

/// How far an unknown name is from one that may be meant: bytes to insert, remove or replace, of a part of it few.
RECVAE_API std::size_t name_distance(const std::string& name, const std::string& other);

}  // namespace recvae::data
