#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <new>
#include <string>

#include "command_line.h"

namespace recvae::tools {
namespace {

std::atomic<int> signal_seen{0};
std::atomic<long> signal_time{0};  // of the first, in seconds, and one
std::atomic<bool> at_once{false};
std::atomic<const char*> stopped_line{""};  // what a handler that ends the command has to say
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<long>::is_always_lock_free &&
              std::atomic<const char*>::is_always_lock_free);

extern "C" void on_signal(int number) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  long never = 0;
  const bool first = signal_time.compare_exchange_strong(never, now.tv_sec + 1);
  int none = 0;
  signal_seen.compare_exchange_strong(none, number);
  // A key that bounces, or a signal to the process and to its group, is one.
  if (!at_once && (first || now.tv_sec + 1 - signal_time < 2)) return;
  const char* const line = stopped_line;
  if (write(STDERR_FILENO, line, std::strlen(line)) < 0) _exit(1);
  _exit(128 + signal_seen);
}

int fail(const char* program, std::string message, int code) {
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  std::fflush(stdout);
  std::fprintf(stderr, "%s: %s\n", program, message.c_str());
  return code;
}

/// Takes the places of closed standard streams, so that no file is opened there and read or written as one of them:
/// by descriptors on which a read of standard input, or a write of results, fails as on closed ones.
void occupy_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    if (open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY) != descriptor) _exit(1);
  }
}

}  // namespace

int stop_signal() { return signal_seen.load(); }

void stop_at_once(bool yes) {
  at_once = yes;
  if (stop_requested()) throw data::Stopped();
}

int run_command(const char* program, int argc, char** argv, void (*body)(CommandLine& line)) {
  occupy_standard_streams();
  static const std::string stopped = std::string(program) + ": stopped\n";  // a signal may come after this function
  stopped_line = stopped.c_str();
  struct sigaction action = {};
  action.sa_handler = on_signal;
  // No SA_RESTART: a read that waits for input has to return.
  for (const int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a write that fails
  try {
    CommandLine line(program, argc, argv);
    body(line);
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) return fail(program, "standard output cannot be written", 1);
    if (stop_requested()) throw data::Stopped();
    return 0;
  } catch (const data::Stopped&) {
    const int number = stop_signal();
    return fail(program, "stopped", number != 0 ? 128 + number : 1);
  } catch (const data::UsageError& error) {
    return fail(program, error.what(), 2);
  } catch (const std::bad_alloc&) {
    return fail(program, "not enough memory", 1);
  } catch (const std::exception& error) {
    // Whatever a signal interrupted, it is what ended the command.
    if (stop_requested()) return fail(program, "stopped", 128 + stop_signal());
    return fail(program, error.what(), 1);
  } catch (...) {
    return fail(program, "an unknown error", 1);
  }
}

}  // namespace recvae::tools
