// What each op of a step costs.
#pragma once

#include <charconv>
#include <chrono>
#include <map>
#include <string>

#include "../tape.h"

namespace ad {

/// Times and memory of the ops of `tape`, summed by name over all recordings while it lives:
///
///   ad::Profile profile(tape);
///   for (...) { ... one step ... }
///   std::fputs(profile.table().c_str(), stdout);
///
/// An op's forward lasts from the node before it to its own: what the caller does in between counts, too.
template <class T>
class Profile final : TapeObserver {
 public:
  /// Of all calls of one op.
  struct Cost {
    std::int64_t calls = 0;  ///< forward; of several outputs, each
    double forward = 0;      ///< seconds
    double backward = 0;     ///< seconds
    std::int64_t bytes = 0;  ///< of the arena: values, what backwards need, gradients
  };

  /// Observes `tape`, which must outlive it and have no other observer.
  explicit Profile(Tape<T>& tape) : tape_(tape) {
    tape_.observe(this);
    mark();
  }
  ~Profile() { tape_.observe(nullptr); }
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// Op names and their costs.
  const std::map<std::string, Cost>& costs() const { return costs_; }

  /// A line for each op, the dearest first: calls, milliseconds forward and backward, megabytes.
  std::string table() const {
    std::multimap<double, const std::pair<const std::string, Cost>*, std::greater<>> sorted;
    for (const auto& line : costs_) sorted.emplace(line.second.forward + line.second.backward, &line);
    std::string text = row("op", "calls", "forward ms", "backward ms", "MB");
    for (const auto& [seconds, line] : sorted) {
      const Cost& c = line->second;
      text += row(line->first, std::to_string(c.calls), fixed(1e3 * c.forward), fixed(1e3 * c.backward),
                  fixed(static_cast<double>(c.bytes) / 1e6));
    }
    return text;
  }

 private:
  void forward_done(std::size_t id) override {
    Cost& c = costs_[tape_.node(id).op];
    ++c.calls;
    if (id == 0) {  // the time before a recording is nobody's, the memory is the first node's
      mark();
      bytes_ = 0;
    }
    take(c.forward, c);
  }
  void backward_begins() override { mark(); }
  void backward_done(std::size_t id) override {
    Cost& c = costs_[tape_.node(id).op];
    take(c.backward, c);
  }

  void take(double& seconds, Cost& c) {
    const auto before = time_;
    const std::size_t bytes_before = bytes_;
    mark();
    seconds += std::chrono::duration<double>(time_ - before).count();
    if (bytes_ > bytes_before) c.bytes += static_cast<std::int64_t>(bytes_ - bytes_before);  // less: a reset
  }
  void mark() {
    time_ = std::chrono::steady_clock::now();
    bytes_ = tape_.bytes_in_use();
  }

  static std::string fixed(double x) {
    char text[32];  // not in the host's locale
    return {text, std::to_chars(text, text + sizeof text, x, std::chars_format::fixed, 3).ptr};
  }
  static std::string row(std::string op, const std::string& calls, const std::string& forward,
                         const std::string& backward, const std::string& bytes) {
    op.resize(std::max<std::size_t>(op.size(), 28), ' ');
    for (const std::string* cell : {&calls, &forward, &backward, &bytes}) {
      op += std::string(cell->size() < 13 ? 13 - cell->size() : 1, ' ') + *cell;
    }
    return op + "\n";
  }

  Tape<T>& tape_;
  std::map<std::string, Cost> costs_;
  std::chrono::steady_clock::time_point time_;
  std::size_t bytes_ = 0;
};

}  // namespace ad
