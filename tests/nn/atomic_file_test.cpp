#include "nn/atomic_file.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "../support/temp_dir.h"
#include "autodiff/tensor.h"

using ad::nn::AtomicFile;
using recvae::test::read_file;
using recvae::test::TempDir;
namespace fs = std::filesystem;

namespace {

std::string error_of(const std::string& path, const std::string& text) {
  try {
    ad::nn::write_file(path, text);
  } catch (const ad::Error& error) {
    return error.what();
  }
  return "no error";
}

std::ptrdiff_t files_in(const std::string& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

}  // namespace

TEST_CASE("atomic file: the old one stays until a commit, and nothing stays without") {
  const TempDir dir;
  const std::string path = dir.write("f", "old");
  {
    AtomicFile file(path), other(path);  // two at once have each their own
    file.write("new", 3);
    other.write("newer", 5);
    CHECK(read_file(path) == "old");
    file.commit();
    CHECK(read_file(path) == "new");
    CHECK(files_in(dir.path()) == 2);
  }
  CHECK(read_file(path) == "new");
  CHECK(files_in(dir.path()) == 1);
  const std::string longest = dir.path(std::string(255, 'x'));
  ad::nn::write_file(longest, "text");
  CHECK(read_file(longest) == "text");
}

TEST_CASE("atomic file: links stay links, also to what is not there yet; devices are written as they are") {
  const TempDir dir;
  fs::create_directory(dir.path("there"));
  fs::create_symlink("there/f", dir.path("link"));
  for (const char* text : {"one", "two"}) {
    ad::nn::write_file(dir.path("link"), text);
    CHECK(fs::is_symlink(dir.path("link")));
    CHECK(read_file(dir.path("there/f")) == text);
  }
  CHECK(files_in(dir.path("there")) == 1);
  CHECK(error_of("/dev/null", "text") == "no error");
  CHECK(fs::is_character_file("/dev/null"));

  int ends[2];
  REQUIRE(pipe(ends) == 0);
  CHECK(error_of("/proc/self/fd/" + std::to_string(ends[1]), "text") == "no error");
  char got[4] = {};
  CHECK(read(ends[0], got, 4) == 4);
  CHECK(std::string_view(got, 4) == "text");
  for (const int end : ends) close(end);
}

TEST_CASE("atomic file: what cannot be written says why, and the old file is whole") {
  const TempDir dir;
  const std::string path = dir.write("f", "old");
  CHECK(error_of(dir.path("none/f"), "x") == dir.path("none/f") + ": cannot be written: No such file or directory");
  CHECK(error_of(dir.path(), "x").ends_with("cannot be written: Is a directory"));
  CHECK(error_of(path + "/below", "x").ends_with("cannot be written: Not a directory"));
  CHECK(error_of("/dev/full", "x") == "/dev/full: cannot be written: No space left on device");
  fs::create_symlink("loop", dir.path("loop"));
  CHECK(error_of(dir.path("loop"), "x").ends_with("cannot be written: Too many levels of symbolic links"));
  CHECK(fs::is_symlink(dir.path("loop")));

  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit little{1000, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &little);
  const std::string error = error_of(path, std::string(2000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(error == path + ": cannot be written: File too large");
  CHECK(read_file(path) == "old");
  CHECK(files_in(dir.path()) == 2);
}
