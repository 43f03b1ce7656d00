#include "prepare.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <system_error>
#include <utility>

#include "error.h"
#include "load.h"

namespace fs = std::filesystem;

namespace recvae::data {
namespace {

/// Removes a directory that was not given its final name.
class WorkDirectory {
 public:
  explicit WorkDirectory(const fs::path& final_path) : final_(final_path) {
    std::random_device random;
    fs::create_directories(final_.parent_path());
    do {
      path_ = final_;
      path_ += ".tmp-" + std::to_string(random());
    } while (!fs::create_directory(path_));
  }
  ~WorkDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  const fs::path& path() const { return path_; }
  void finish() {
    fs::rename(path_, final_);  // replaces an empty directory
    path_.clear();
  }

 private:
  fs::path final_, path_;
};

class OutputFile {
 public:
  explicit OutputFile(const fs::path& path) : path_(path), file_(std::fopen(path.c_str(), "wb")) {
    if (!file_) fail();
  }
  void write(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) fail();
  }
  void close() {
    if (std::fclose(file_.release()) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw fs::filesystem_error("cannot write", path_, std::error_code(errno, std::generic_category()));
  }
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  fs::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

void write_rows(const fs::path& path, const IndexedRows& rows, const std::function<bool()>& stop) {
  constexpr std::size_t block = std::size_t{1} << 20;
  OutputFile file(path);
  std::string text = "uid,sid\n";
  const auto append = [&](std::int32_t value, char end) {
    char digits[16];
    const auto last = std::to_chars(digits, digits + sizeof digits, value).ptr;
    text.append(digits, last).push_back(end);
  };
  for (std::size_t k = 0; k < rows.uid.size(); ++k) {
    append(rows.uid[k], ',');
    append(rows.sid[k], '\n');
    if (text.size() < block) continue;
    if (stop && stop()) throw Stopped();
    file.write(text);
    text.clear();
  }
  file.write(text);
  file.close();
}

void write_tokens(const fs::path& path, const std::vector<std::string>& tokens) {
  OutputFile file(path);
  for (const auto& token : tokens) file.write(token + '\n');
  file.close();
}

}  // namespace

Summary prepare(const DataOptions& options, const std::string& directory, const std::function<bool()>& stop) {
  check_options(options);
  if (directory.empty()) throw UsageError("--out: expected a directory, found nothing");
  std::int64_t rows_read = 0;
  try {
    fs::path target = fs::weakly_canonical(fs::absolute(directory));
    if (!target.has_filename()) target = target.parent_path();
    if (fs::exists(target) && !(fs::is_directory(target) && fs::is_empty(target))) {
      throw DataError(directory + ": expected a new or an empty directory, found one that is in use");
    }
    StrongSplit split = load_strong(options, &rows_read);
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
    Summary summary = make_dataset(std::move(split)).summary;
    summary.rows_read = rows_read;
    return summary;
  } catch (const fs::filesystem_error& error) {
    throw DataError(directory + ": cannot be written: " + error.code().message());
  }
}

}  // namespace recvae::data
