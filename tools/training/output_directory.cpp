#include "output_directory.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

#include "data/data.h"
#include "nn/atomic_file.h"

namespace recvae::tools {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStage = ".recvae-new";  // within the directory, or after its name beside it

// A `..` goes up from where a link before it leads to. A link that leads nowhere stays one.
fs::path without_trailing_slash(fs::path path) {
  std::error_code error;
  const fs::path resolved = fs::weakly_canonical(fs::absolute(path), error);
  path = error ? fs::absolute(path).lexically_normal() : resolved;
  return path.has_filename() ? path : path.parent_path();
}

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw data::DataError(path.string() + ": " + what);
}

void sync(const fs::path& path) {
  if (!ad::nn::sync_path(path)) fail(path, "cannot be written: " + std::generic_category().message(errno));
}

/// An open directory, locked until it is closed; -1 where another run has it, or `path` is no longer this directory.
int locked(const fs::path& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat opened, named;
  if (directory >= 0 && flock(directory, LOCK_EX | LOCK_NB) == 0 && fstat(directory, &opened) == 0 &&
      stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
    return directory;
  }
  if (directory >= 0) close(directory);
  return -1;
}

fs::path stage_beside(const fs::path& directory) {
  return directory.parent_path() / ("." + directory.filename().string() + kStage);
}

/// A new directory for the files of `directory`, of the same file system, beside it if it can be exchanged.
fs::path make_stage(const fs::path& directory) {
  std::error_code error;
  const fs::path beside = stage_beside(directory), within = directory / kStage;
  const fs::path here = fs::current_path(error);
  const bool is_used =
      std::mismatch(directory.begin(), directory.end(), here.begin(), here.end()).first == directory.end();
  struct stat a, b;
  if (!is_used && stat(directory.c_str(), &a) == 0 && stat(directory.parent_path().c_str(), &b) == 0 &&
      a.st_dev == b.st_dev && fs::create_directory(beside, directory, error)) {
    return beside;
  }
  fs::create_directory(within, directory, error);
  if (error) fail(directory, "cannot be written: " + error.message());
  return within;
}

}  // namespace

OutputDirectory::OutputDirectory(const fs::path& path, Existing existing, const OutputKind& kind)
    : path_(without_trailing_slash(path)), existing_(existing), kind_(kind) {
  std::error_code error;
  if (existing == Existing::resumed && !fs::is_directory(path_, error)) fail(path_, "expected a run's directory");
  fs::path there = path_;
  while (!fs::exists(there, error) && there.has_relative_path()) {
    if (fs::is_symlink(there, error)) fail(there, "expected a directory for --out, found a link that leads nowhere");
    there = there.parent_path();
  }
  if (!fs::is_directory(there, error)) fail(there, "expected a directory for --out, found a file");
  if (access(there.c_str(), W_OK | X_OK) != 0) fail(there, "the output directory cannot be written");
  check_empty();
}

OutputDirectory::~OutputDirectory() {
  // Remove what was made in vain, innermost first; a directory with something in it stays.
  std::error_code error;
  if (!stage_.empty()) fs::remove_all(stage_, error);
  for (const char* name : kind_.entries) {
    if (lock_ >= 0 && stage_.empty() && !kept_) fs::remove_all(path_ / name, error);
  }
  for (fs::path p = path_; !made_.empty() && !kept_; p = p.parent_path()) {
    if (!fs::remove(p, error) || error || p == made_) break;
  }
  for (const int lock : {lock_, stage_lock_}) {
    if (lock >= 0) close(lock);
  }
}

bool OutputDirectory::has_entry(const fs::path& name) const {
  return std::ranges::find(kind_.entries, name) != kind_.entries.end();
}

/// Is it a file that a command was writing when it was killed, or one that was to lose its name?
bool OutputDirectory::is_leftover(const fs::path& path) const {
  const std::string name = path.filename().string();
  return (has_entry(name.substr(0, name.find(".tmp-"))) && name.find(".tmp-") != name.npos) ||
         name.starts_with(".old_encoder.safetensors");
}

/// What commands that were killed have left.
void OutputDirectory::remove_leftovers() const {
  std::error_code error;
  for (const fs::path& stage : {stage_beside(path_), path_ / kStage}) fs::remove_all(stage, error);
  for (const fs::path& folder : {path_, path_ / ".refit"}) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
      if (is_leftover(entry.path())) fs::remove(entry.path(), error);
    }
  }
}

void OutputDirectory::check_empty() const {
  if (existing_ != Existing::refused) return;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, error)) {
    if (entry.path().filename() == kStage || is_leftover(entry.path())) continue;
    fail(path_, std::string("the output directory is not empty; ") + kind_.advice);
  }
}

void OutputDirectory::open() {
  std::error_code error;
  for (fs::path p = path_; !fs::exists(p, error) && p.has_relative_path(); p = p.parent_path()) made_ = p;
  fs::create_directories(path_, error);
  if (error) fail(path_, "cannot be made: " + error.message());
  lock_ = locked(path_);
  if (lock_ < 0) {
    made_.clear();  // it is the other's
    fail(path_, "another run is writing here");
  }
  check_empty();  // another run may have come and gone since the constructor looked
  path_ = fs::canonical(path_);
  if (!made_.empty()) made_ = fs::canonical(made_);
  remove_leftovers();
  if (existing_ == Existing::resumed) return;
  if (!fs::is_empty(path_, error)) {
    stage_ = make_stage(path_);
    stage_lock_ = locked(stage_);
  }
  kept_ = false;  // whatever throws before, there may be another run's result
}

bool OutputDirectory::replaces(const fs::path& file) const {
  std::error_code error;
  const fs::path name = fs::canonical(file, error).lexically_relative(path_);
  return !stage_.empty() && !name.empty() && has_entry(*name.begin());
}

// Gives the stage all other files of the directory, by hard links, and exchanges the two.
bool OutputDirectory::exchange() {
#ifdef RENAME_EXCHANGE
  if (stage_.parent_path() == path_) return false;
  std::error_code error;
  for (fs::recursive_directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
    const fs::path name = at->path().lexically_relative(path_);
    if (has_entry(name)) at.disable_recursion_pending();
    if (has_entry(name) || fs::exists(fs::symlink_status(stage_ / name))) continue;
    if (at->is_directory(error) && !at->is_symlink(error))
      fs::create_directory(stage_ / name, at->path(), error);
    else
      fs::create_hard_link(at->path(), stage_ / name, error);
    if (error) break;
  }
  if (error) return false;
  return renameat2(AT_FDCWD, stage_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0;
#else
  return false;
#endif
}

// In an order in which each moment leaves a run that can be gone on with, if need be from its beginning: directories,
// and the link to one, go before all others, as wholes; then the settings come first and the link after what it leads
// to.
void OutputDirectory::replace_each() {
  for (const char* name : kind_.entries) {
    if (fs::is_directory(path_ / name)) fs::rename(path_ / name, stage_ / (std::string(name) + ".old"));
  }
  for (auto name = kind_.entries.rbegin(); name != kind_.entries.rend(); ++name) {
    if (fs::exists(fs::symlink_status(stage_ / *name)))
      fs::rename(stage_ / *name, path_ / *name);
    else
      fs::remove(path_ / *name);
  }
}

void OutputDirectory::has_result() {
  if (stage_.empty()) kept_ = true;
  if (stage_.empty() || (fs::exists(path_ / kind_.entries[0]) && !fs::exists(stage_ / kind_.entries[0]))) return;
  kept_ = true;
  for (const char* name : kind_.entries) {
    if (fs::exists(stage_ / name)) sync(stage_ / name);
  }
  sync(stage_);
  if (exchange()) {
    sync(path_.parent_path());
  } else {
    replace_each();
    sync(path_);
  }
  std::error_code ignored;
  fs::remove_all(stage_, ignored);
  stage_.clear();
}

}  // namespace recvae::tools
