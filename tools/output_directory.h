// The directory that a run writes into.
#pragma once

#include <filesystem>
#include <string>

namespace recvae::tools {

/// Takes an output directory for one run. Nothing is touched until open(). Where no epoch has finished, what was
/// made is removed again.
class OutputDirectory {
 public:
  /// Throws data::DataError if `path` is something else than a directory, or not empty and not to be overwritten.
  OutputDirectory(std::filesystem::path path, bool overwrite);
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  /// Makes the directory, locks it against a second run and clears an earlier run's files. Throws data::DataError.
  void open();
  /// The path of a file in it.
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
  std::filesystem::path made_;  // the uppermost directory that open() made
  int lock_ = -1;
  bool ours_ = false;  // no other run writes here
};

}  // namespace recvae::tools
