// The directory that a run writes into.
#pragma once

#include <filesystem>
#include <string>

namespace recvae::tools {

/// Takes an output directory for one run. An earlier run's files stay until the first result of this one is there;
/// where none comes, what was made is removed again.
class OutputDirectory {
 public:
  /// Throws data::DataError if `path` cannot be written, is something else than a directory, or is not empty and not to
  /// be overwritten. Touches nothing.
  OutputDirectory(const std::filesystem::path& path, bool overwrite);
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  /// Makes the directory and locks it against a second run. Throws data::DataError.
  void open();
  /// Clears an earlier run's files, and no others: call before the first result is written.
  void begin_results();
  /// The path of a file in it.
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  void check_empty() const;

  std::filesystem::path path_;
  bool overwrite_;
  std::filesystem::path made_;  // the uppermost directory that open() made
  int lock_ = -1;
  bool ours_ = false;  // no other run writes here
};

}  // namespace recvae::tools
