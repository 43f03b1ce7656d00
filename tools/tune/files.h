// The directory of a search: what it goes on from, and what people read.
#pragma once

#include <string>
#include <vector>

#include "recvae/tune/search.h"
#include "setup.h"
#include "training/output_directory.h"

namespace recvae::tools {

inline constexpr const char* kSearchEntries[] = {"trials.jsonl", "trials.tsv", "settings.tsv",
                                                 "config.yaml",  "tune.html",  ".trials"};
inline constexpr OutputKind kSearch = {kSearchEntries, "--resume goes on with an earlier search"};

/// What `trials.jsonl` holds: a line of what is searched, then one of each task that is done.
struct SearchLog {
  SearchSetup setup;
  Fingerprints data;
  std::vector<tune::Record> records;
};

/// Of the search in `folder`. Throws DataError, `file:line: expected X, found Y`.
SearchLog read_search(const std::string& folder);

/// Writes the files of a search, each of them whole at any moment: trials.jsonl; trials.tsv and, where there are seeds,
/// settings.tsv; config.yaml, the best settings so far, once there are some; tune.html. Throws ad::Error.
class SearchFiles {
 public:
  /// `log` is what is there already. All but the folder outlive the object.
  SearchFiles(std::string folder, const SearchLog& log, const tune::Search& search, const std::vector<Metric>& metrics);

  /// Appends a record to the log, and writes the others anew.
  void add(const tune::Record& record);
  void write_all() const;

 private:
  void write(const std::string& name, const std::string& text) const;

  std::string folder_, log_text_;
  const SearchSetup& setup_;
  const tune::Search& search_;
  const std::vector<Metric>& metrics_;
};

}  // namespace recvae::tools
