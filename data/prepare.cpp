#include "prepare.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>
#include <system_error>
#include <utility>

#include "error.h"
#include "load.h"

namespace fs = std::filesystem;

namespace recvae::data {
namespace {

/// A directory beside its final place, with the parents that are missing. All are removed unless it gets there.
class WorkDirectory {
 public:
  explicit WorkDirectory(const fs::path& final_path) : WorkDirectory() {  // a throw runs the destructor
    final_ = final_path;
    std::random_device random;
    for (fs::path p = final_.parent_path(); !fs::exists(p); p = p.parent_path()) parents_.push_back(p);
    fs::create_directories(final_.parent_path());
    do {
      path_ = final_;
      path_ += ".tmp-" + std::to_string(random());
    } while (!fs::create_directory(path_));
  }
  ~WorkDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
    for (const auto& parent : parents_) fs::remove(parent, ignored);  // refused where somebody else uses it
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  const fs::path& path() const { return path_; }
  void finish() {
    fs::rename(path_, final_);  // replaces an empty directory
    path_.clear();
    parents_.clear();
  }

 private:
  WorkDirectory() = default;
  fs::path final_, path_;
  std::vector<fs::path> parents_;  // the deepest first
};

void finish(std::ofstream& file, const fs::path& path) {
  file.close();
  if (!file) throw fs::filesystem_error("cannot write", path, std::error_code(errno, std::generic_category()));
}

void write_rows(const fs::path& path, const IndexedRows& rows, const std::function<bool()>& stop) {
  constexpr std::size_t block = std::size_t{1} << 20;
  std::ofstream file(path, std::ios::binary);
  std::string text = "uid,sid\n";
  for (std::size_t k = 0; k < rows.uid.size() && file; ++k) {
    text.append(std::to_string(rows.uid[k])).append(",").append(std::to_string(rows.sid[k])).append("\n");
    if (text.size() < block) continue;
    if (stop && stop()) throw Stopped();
    file << text;
    text.clear();
  }
  file << text;
  finish(file, path);
}

void write_tokens(const fs::path& path, const std::vector<std::string>& tokens) {
  std::ofstream file(path, std::ios::binary);
  for (const auto& token : tokens) file << token << '\n';
  finish(file, path);
}

}  // namespace

Summary prepare(const DataOptions& options, const std::string& directory, const std::function<bool()>& stop) {
  check_options(options);
  if (directory.empty()) throw UsageError("--out: expected a directory, found nothing");
  try {
    fs::path target = fs::weakly_canonical(fs::absolute(directory));
    if (!target.has_filename()) target = target.parent_path();
    if (fs::exists(target) && !(fs::is_directory(target) && fs::is_empty(target))) {
      throw DataError(directory + ": expected a new or an empty directory, found one that is in use");
    }
    StrongSplit split = load_strong(options);
    if (stop && stop()) throw Stopped();
    WorkDirectory work(target);
    write_rows(work.path() / "train.csv", split.train, stop);
    write_rows(work.path() / "validation_tr.csv", split.validation_tr, stop);
    write_rows(work.path() / "validation_te.csv", split.validation_te, stop);
    write_rows(work.path() / "test_tr.csv", split.test_tr, stop);
    write_rows(work.path() / "test_te.csv", split.test_te, stop);
    write_tokens(work.path() / "unique_sid.txt", split.item_tokens);
    write_tokens(work.path() / "unique_uid.txt", split.user_tokens);
    if (stop && stop()) throw Stopped();
    work.finish();
    return make_dataset(std::move(split)).summary;
  } catch (const fs::filesystem_error& error) {
    throw DataError(directory + ": cannot be written: " + error.code().message());
  }
}

}  // namespace recvae::data
