// How far an epoch is, for a person at a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace recvae::tools {

/// A bar with rate and time left on stderr, redrawn in place a few times a second; silent where stderr is no terminal
/// or info lines are off.
class Progress {
 public:
  Progress(std::string label, std::int64_t total, const char* unit);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t count, const std::string& note = "");  ///< `note` stands behind the rate
  void clear();                                                    ///< wipes the bar, before a line is printed

 private:
  using Clock = std::chrono::steady_clock;
  std::string label_;
  std::int64_t done_ = 0, total_;
  const char* unit_;
  bool shown_, drawn_ = false;
  Clock::time_point start_ = Clock::now(), last_ = start_;
};

}  // namespace recvae::tools
