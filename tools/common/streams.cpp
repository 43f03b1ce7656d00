// Texts that come through a pipe: standard input and what apt-cache prints.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "command_line.h"

namespace recvae::tools {
namespace {

/// apt-cache's output. The process has ended when this is gone.
struct Pipe {
  std::FILE* file = popen("apt-cache dumpavail 2>/dev/null", "r");
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() { finish(); }
  int finish() { return file ? pclose(std::exchange(file, nullptr)) : 0; }
};

data::TextSource package_lists() {
  const auto pipe = std::make_shared<Pipe>();
  if (!pipe->file) throw data::DataError("demo: apt-cache cannot be run");
  const auto end = [pipe](std::int64_t bytes) {
    const int status = pipe->finish();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
      throw data::DataError("demo: expected a Debian system with apt-cache, found none");
    }
    if (status != 0 || bytes == 0) {
      throw data::DataError(
          "demo: apt-cache dumpavail failed or gave nothing; apt-get update fetches the package lists");
    }
  };
  return data::TextSource::from_descriptor(fileno(pipe->file), "apt-cache dumpavail", {stop_requested, end});
}

}  // namespace

data::TextSource standard_input() {
  return data::TextSource::from_descriptor(STDIN_FILENO, "standard input", {stop_requested, {}});
}

data::TextSource open_text(const std::string& path) { return data::TextSource::from_file(path, {stop_requested, {}}); }

void fetch_text(data::DataOptions& options) {
  options.stop = stop_requested;
  if (options.path == "-") options.text = standard_input;
  if (options.path == "demo") options.text = package_lists;
}

void hold_text(data::DataOptions& options) {
  if (options.path != "-") return;
  data::TextSource text = standard_input();
  std::string held;
  for (std::string_view line; text.next(line);) held.append(line).append("\n");
  options.text = [held] { return data::TextSource::from_text(held, "standard input"); };
}

}  // namespace recvae::tools
