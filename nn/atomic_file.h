// The one way that files are replaced: written beside, then renamed.
#pragma once

#include <cstddef>
#include <string>

#include "../autodiff/kernels/api.h"
#include "checksum.h"

namespace ad::nn {

/// A file that is there whole or not at all: it is written under another name in the same folder and takes its place,
/// and that of an older file, in commit(), after its bytes are on the disk. Without a commit nothing is left and the
/// older file is as it was. A symbolic link stays one; what is no regular file (a pipe, a device) is written directly.
/// Several may be written to one path at once: the last commit stays. Throws Error("<path>: cannot be written: ...").
class RECVAE_API AtomicFile {
 public:
  explicit AtomicFile(std::string path);  ///< Nothing is at `path` before commit().
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, std::size_t count);  ///< Appends.
  /// Returns the checksum of what was written.
  std::string commit();

 private:
  [[noreturn]] void fail(int reason) const;

  std::string path_, target_, temporary_;  // as given; behind links; empty: written directly
  int file_ = -1;
  Checksum sum_;
};

/// Writes a whole text as an AtomicFile. Returns its checksum.
RECVAE_API std::string write_file(const std::string& path, const std::string& text);

/// Waits until what was written to a file, or the names in a directory, are on the disk. False, and errno, where they
/// cannot be; where a file system cannot do that for directories, they count as they are.
RECVAE_API bool sync_path(const std::string& path);

}  // namespace ad::nn
