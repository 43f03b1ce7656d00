#include "output_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "data/data.h"

namespace recvae::tools {

namespace fs = std::filesystem;

namespace {
// What a training run writes: all that --overwrite removes.
constexpr const char* kRunFiles[] = {"model.safetensors", "checkpoint", "metrics.jsonl"};
}  // namespace

OutputDirectory::OutputDirectory(fs::path path, bool overwrite) : path_(std::move(path)) {
  std::error_code error;
  if (!fs::exists(path_, error)) return;
  if (!fs::is_directory(path_, error)) throw data::DataError(path_.string() + ": expected a directory for --out, found a file");
  if (!overwrite && fs::directory_iterator(path_, error) != fs::directory_iterator()) {
    throw data::DataError(path_.string() + ": the output directory is not empty; --overwrite replaces an earlier run");
  }
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

void OutputDirectory::open() {
  std::error_code error;
  fs::path missing = fs::absolute(path_).lexically_normal();
  if (!missing.has_filename()) missing = missing.parent_path();  // a trailing slash
  path_ = missing;
  for (fs::path p = path_; !fs::exists(p, error) && p.has_relative_path(); p = p.parent_path()) made_ = p;
  fs::create_directories(path_, error);
  if (error) throw data::DataError(path_.string() + ": cannot be made: " + error.message());
  lock_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0 || flock(lock_, LOCK_EX | LOCK_NB) != 0) throw data::DataError(path_.string() + ": another run is writing here");
  if (access(path_.c_str(), W_OK) != 0) throw data::DataError(path_.string() + ": cannot be written");
  ours_ = true;
  for (const char* name : kRunFiles) fs::remove_all(path_ / name, error);
  fs::create_directory(path_ / "checkpoint", error);
  if (error) throw data::DataError(path_.string() + ": cannot be written: " + error.message());
}

}  // namespace recvae::tools
