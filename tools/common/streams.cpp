// Texts that come through a pipe: standard input and what apt-cache prints.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "command_line.h"
#include "progress.h"

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

/// Shows how far the reading of large files is: a bar, or, where that is nowhere to be seen, a line when it took long.
class Reading {
 public:
  void operator()(const std::string& file, std::int64_t bytes, std::int64_t total) {
    constexpr std::int64_t kLarge = 1 << 24;
    if (total < kLarge) return;
    if (!bar_ || file != file_) {
      file_ = file;
      done_ = 0;
      start_ = Clock::now();
      bar_.emplace("reading " + file, total / kMegabyte, "MB");
    }
    bar_->advance(bytes / kMegabyte - std::exchange(done_, bytes / kMegabyte));
    if (bytes < total) return;
    bar_.reset();
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    if (seconds >= 2)
      log_info(formatted("read %s, %lld MB, in %.1f s", file.c_str(), static_cast<long long>(done_), seconds));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::int64_t kMegabyte = 1'000'000;
  std::optional<Progress> bar_;
  std::string file_;
  std::int64_t done_ = 0;
  Clock::time_point start_;
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
  return data::TextSource::from_descriptor(fileno(pipe->file), "apt-cache dumpavail", {stop_requested, end, {}});
}

}  // namespace

data::TextSource standard_input() {
  return data::TextSource::from_descriptor(STDIN_FILENO, "standard input", {stop_requested, {}, {}});
}

data::TextSource open_text(const std::string& path) { return data::TextSource::from_file(path, {stop_requested, {}, {}}); }

void fetch_text(data::DataOptions& options) {
  options.stop = stop_requested;
  options.progress = [reading = std::make_shared<Reading>()](const auto&... all) { (*reading)(all...); };
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
