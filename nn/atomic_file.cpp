#include "atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include "../autodiff/tensor.h"

namespace ad::nn {

namespace fs = std::filesystem;

namespace {

// A signal, which asks for a last checkpoint, may interrupt it on file systems of a network.
int sync(int file) {
  int result = 0;
  do {
    result = ::fsync(file);
  } while (result != 0 && errno == EINTR);
  return result;
}

}  // namespace

void AtomicFile::fail(int reason) const {
  throw Error(path_ + ": cannot be written: " + std::generic_category().message(reason));
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  std::error_code error;
  if (fs::exists(path_, error) && !fs::is_regular_file(path_, error)) {
    file_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);  // by this name: a pipe's link in /proc leads to no other
  } else {
    fs::path target = path_;
    for (int links = 0; fs::is_symlink(target, error); ++links) {
      if (links == 40) fail(ELOOP);
      target = target.parent_path() / fs::read_symlink(target, error);
      if (error) fail(error.value());
    }
    target_ = target.string();
    std::random_device random;
    const fs::path beside = target.parent_path() / target.filename().string().substr(0, 200);
    do {
      temporary_ = beside.string() + ".tmp-" + std::to_string(random());
      file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (file_ < 0 && errno == EEXIST);
  }
  if (file_ < 0) fail(errno);
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* bytes, std::size_t count) {
  sum_.add(bytes, count);
  constexpr std::size_t kAtOnce = std::size_t{1} << 30;  // Linux writes no more than 2 GiB in one call
  for (auto* from = static_cast<const char*>(bytes); count > 0;) {
    const ssize_t n = ::write(file_, from, std::min(count, kAtOnce));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(errno);
    from += n;
    count -= static_cast<std::size_t>(n);
  }
}

std::string AtomicFile::commit() {
  // The bytes before the name: after a power failure a name without them would be an empty file.
  if (!temporary_.empty() && sync(file_) != 0) fail(errno);
  if (::close(std::exchange(file_, -1)) != 0 && errno != EINTR) fail(errno);  // interrupted, it is closed nevertheless
  if (temporary_.empty()) return sum_.digits();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  temporary_.clear();
  sync_path(fs::absolute(target_).parent_path());  // or else only that the name outlasts a power failure is not sure
  return sum_.digits();
}

std::string write_file(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  return file.commit();
}

bool sync_path(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && sync(file) == 0;
  const int reason = errno;
  std::error_code ignored;
  const bool is_directory = file >= 0 && fs::is_directory(path, ignored);
  if (file >= 0) ::close(file);
  errno = reason;
  return synced || is_directory;
}

}  // namespace ad::nn
