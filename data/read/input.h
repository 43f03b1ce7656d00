#pragma once

#include <string>

#include "../options.h"

namespace recvae::data {

/// What the path of a data set turned out to be.
struct Input {
  enum class Kind { raw, prepared, parts };
  Kind kind = Kind::raw;
  Format format = Format::table;   ///< of the text
  std::string file;                ///< raw: the file; empty where the options hold the text
  std::string train, valid, test;  ///< parts: files of a given split; `valid` may be empty
};

/// Looks at names only: of the path, and of what is in it where it is a directory.
Input find_input(const DataOptions& options);

/// The last name of a directory's path, whether it ends in a slash, is relative or is `.`.
std::string base_name(const std::string& directory);

/// `directory/name` or `directory/name.gz`, whichever is there; else empty.
std::string find_file(const std::string& directory, const std::string& name);

}  // namespace recvae::data
