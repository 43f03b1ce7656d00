// The directory that a run writes into.
#pragma once

#include <filesystem>
#include <string>

namespace recvae::tools {

/// Takes an output directory for one run. Files are written beside it, and become its own with the first complete
/// result, in one step: until then an earlier run stays as it is, whatever ends this one. Where none comes, what was
/// made is removed again.
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
  /// The run has a result: call after each. Once there is what the earlier run had, the two change places; files that
  /// are not a run's stay. (One rename; where the system has none that exchanges, or the directory is a mount point or
  /// the working directory, a rename per file.) Throws data::DataError.
  void has_result();
  /// The path of a file in it, for now.
  std::string file(const std::string& name) const { return ((stage_.empty() ? path_ : stage_) / name).string(); }

 private:
  void check_empty() const;
  bool exchange();

  std::filesystem::path path_;  // after open() without links: one that leads here stays one
  bool overwrite_;
  std::filesystem::path made_;   // the uppermost directory that open() made
  std::filesystem::path stage_;  // where files are before the first result
  int lock_ = -1, stage_lock_ = -1;
};

}  // namespace recvae::tools
