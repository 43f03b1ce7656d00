#pragma once

#include <string>

#include "../../autodiff/kernels/api.h"
#include "../options.h"

namespace recvae::data {

/// What the path of a data set turned out to be.
struct Input {
  /// What it is.
  enum class Kind {
    raw,       ///< a file of interactions
    prepared,  ///< a directory that recvae_prepare wrote
    parts      ///< files of a given split
  };
  Kind kind = Kind::raw;          ///< what it is
  Format format = Format::table;  ///< of the text
  std::string file;               ///< raw: the file; empty where the options hold the text
  std::string train;              ///< parts: file of the training rows
  std::string valid;              ///< parts: of those for validation; may be empty
  std::string test;               ///< parts: of those for the test
};

/// Looks at names only: of the path, and of what is in it where it is a directory.
RECVAE_API Input find_input(const DataOptions& options);

/// The last name of a directory's path, whether it ends in a slash, is relative or is `.`.
RECVAE_API std::string base_name(const std::string& directory);

/// `directory/name` or `directory/name.gz`, whichever is there; else empty.
std::string find_file(const std::string& directory, const std::string& name);

}  // namespace recvae::data
