#include "progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "command_line.h"

namespace recvae::tools {

Progress::Progress(std::string label, std::int64_t total, const char* unit)
    : label_(std::move(label)),
      total_(std::max<std::int64_t>(1, total)),
      unit_(unit),
      shown_(isatty(STDERR_FILENO) && log_enabled(LogLevel::info)) {}

void Progress::advance(std::int64_t count, const std::string& note) {
  done_ = std::min(total_, done_ + count);
  const Clock::time_point now = Clock::now();
  if (!shown_ || now - last_ < std::chrono::milliseconds(200)) return;
  last_ = now;
  drawn_ = true;
  constexpr int kWidth = 24;
  const double part = static_cast<double>(done_) / static_cast<double>(total_);
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const int filled = static_cast<int>(part * kWidth), left = static_cast<int>(seconds / part * (1 - part));
  std::fprintf(stderr, "\r\033[K%s [%.*s%.*s] %3.0f %%  %.0f %s/s%s  %d:%02d left", label_.c_str(), filled,
               "========================", kWidth - filled, "........................", 100 * part,
               static_cast<double>(done_) / seconds, unit_, note.c_str(), left / 60, left % 60);
}

void Progress::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

}  // namespace recvae::tools
