// The directory that a run writes into.
#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace recvae::tools {

/// What may be in an output directory.
enum class Existing {
  refused,   ///< nothing
  replaced,  ///< anything; what is of an earlier run gives way
  resumed    ///< the run that goes on
};

/// What a command writes into its directory, the result first: what --overwrite replaces, what is removed where no
/// result comes; and what is left to a user where there is something already.
struct OutputKind {
  std::span<const char* const> entries;
  const char* advice;
};

inline constexpr const char* kRunEntries[] = {
    "model.safetensors", "checkpoint",        ".checkpoints",        ".refit",      "metrics.jsonl", "data.json",
    "ease.safetensors",  "edlae.safetensors", "itemknn.safetensors", "config.yaml", "report.html"};
inline constexpr OutputKind kTrainingRun = {kRunEntries,
                                            "--overwrite replaces an earlier run, --resume goes on with it"};

/// Takes an output directory for one run. Where there is an earlier run to be replaced, files are written beside it,
/// and become its own with the first complete result, in one step: until then the earlier run stays as it is, whatever
/// ends this one. Where no result comes, what was made is removed again, unless the process is killed.
class OutputDirectory {
 public:
  /// Throws data::DataError if `path` cannot be written, is something else than a directory, or has in it what may not
  /// be there. Touches nothing.
  OutputDirectory(const std::filesystem::path& path, Existing existing, const OutputKind& kind = kTrainingRun);
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  /// Makes the directory and locks it against a second run. Throws data::DataError.
  void open();
  /// The run has a result that is worth keeping: call after each. Once there is what the earlier run had, the two
  /// change places; files that are not a run's stay. (One rename; where the system has none that exchanges, or the
  /// directory is a mount point or the working directory, a rename per file.) Throws data::DataError.
  void has_result();
  /// Where its files are, for now.
  std::string folder() const { return (stage_.empty() ? path_ : stage_).string(); }
  std::string file(const std::string& name) const { return folder() + "/" + name; }
  /// After open(): does this file give way to the run's own?
  bool replaces(const std::filesystem::path& file) const;
  /// Is an earlier run still in its place?
  bool is_beside() const { return !stage_.empty(); }

 private:
  bool has_entry(const std::filesystem::path& name) const;
  bool is_leftover(const std::filesystem::path& path) const;
  void remove_leftovers() const;
  void check_empty() const;
  bool exchange();
  void replace_each();

  std::filesystem::path path_;  // after open() without links: one that leads here stays one
  Existing existing_;
  OutputKind kind_;
  bool kept_ = true;             // there is, or may be, something worth keeping
  std::filesystem::path made_;   // the uppermost directory that open() made
  std::filesystem::path stage_;  // where files are while an earlier run is in their place
  int lock_ = -1, stage_lock_ = -1;
};

}  // namespace recvae::tools
