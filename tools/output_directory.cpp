#include "output_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "data/data.h"

namespace recvae::tools {

namespace fs = std::filesystem;

namespace {

// What a training run writes: all that --overwrite removes.
constexpr const char* kRunFiles[] = {"model.safetensors", "checkpoint/model.safetensors", "metrics.jsonl"};

fs::path without_trailing_slash(fs::path path) {
  path = fs::absolute(path).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

OutputDirectory::OutputDirectory(const fs::path& path, bool overwrite)
    : path_(without_trailing_slash(path)), overwrite_(overwrite) {
  std::error_code error;
  fs::path there = path_;
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  if (!fs::is_directory(there, error))
    throw data::DataError(there.string() + ": expected a directory for --out, found a file");
  if (access(there.c_str(), W_OK | X_OK) != 0)
    throw data::DataError(there.string() + ": the output directory cannot be written");
  check_empty();
}

OutputDirectory::~OutputDirectory() {
  // Remove what was made in vain, innermost first; a directory with something in it stays.
  std::error_code error;
  if (ours_) {
    if (fs::file_size(path_ / "metrics.jsonl", error) == 0) fs::remove(path_ / "metrics.jsonl", error);
    fs::remove(path_ / "checkpoint", error);
  }
  for (fs::path p = path_; !made_.empty(); p = p.parent_path()) {
    if (!fs::remove(p, error) || error || p == made_) break;
  }
  if (lock_ >= 0) close(lock_);
}

void OutputDirectory::check_empty() const {
  std::error_code error;
  if (!overwrite_ && fs::directory_iterator(path_, error) != fs::directory_iterator()) {
    throw data::DataError(path_.string() + ": the output directory is not empty; --overwrite replaces an earlier run");
  }
}

void OutputDirectory::open() {
  std::error_code error;
  for (fs::path p = path_; !fs::exists(p, error) && p.has_relative_path(); p = p.parent_path()) made_ = p;
  fs::create_directories(path_, error);
  if (error) throw data::DataError(path_.string() + ": cannot be made: " + error.message());
  lock_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0 || flock(lock_, LOCK_EX | LOCK_NB) != 0)
    throw data::DataError(path_.string() + ": another run is writing here");
  check_empty();  // another run may have come and gone since the constructor looked
  ours_ = true;
}

void OutputDirectory::begin_results() {
  std::error_code error;
  for (const char* name : kRunFiles) fs::remove(path_ / name, error);
  fs::create_directory(path_ / "checkpoint", error);
  if (error) throw data::DataError(path_.string() + ": cannot be written: " + error.message());
}

}  // namespace recvae::tools
