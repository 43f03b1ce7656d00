#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "data/data.h"

namespace recvae::tools {

using data::is_none, data::parse_list, data::parse_value;

/// The command line of one command: options with values, flags, and what all commands share (`--help`, `--version`,
/// `--threads`, `--quiet`, `--log_level`). In names a hyphen is an underscore; of a repeated option the last counts.
class CommandLine {
 public:
  /// Throws std::invalid_argument, what was expected, for a value that is wrong.
  template <class T>
  using Check = std::function<void(const T&)>;

  CommandLine(std::string program, int argc, char** argv);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  void describe(const std::string& text);      ///< the first lines of `--help`
  void group(const std::string& title);        ///< options added from here on stand under it in `--help`
  void version_note(const std::string& note);  ///< a line that `--version` prints after the version

  /// What an option of another program is here.
  struct Translated {
    bool has_meaning = true;  ///< else it is taken, and named in one warning
    /// Options of this command and their values (none: not given), which stand and fall with the first.
    std::vector<std::pair<std::string, std::optional<std::string>>> options{};
    std::string warning{};
  };
  /// The options of another program that are taken beside this command's own, on the line and in files.
  struct Dialect {
    std::vector<std::string> names;
    /// Throws std::invalid_argument, what was expected.
    std::function<Translated(const std::string& name, const std::string& value)> translate;
  };
  void dialect(Dialect other);  ///< of a name that both have, what `other` makes of it counts

  /// `--config FILE.yaml`, also repeated: options that the line does not give, each as a key; a later file wins.
  void config();
  /// `--resume DIR`: the options of DIR/`file`, if that is given, as `config()` takes them; of the line's own, only
  /// those of `free` (blanks between them) may stand beside it, and --threads, --quiet, --log_level.
  void resume(const std::string& help, const std::string& free, std::string* target,
              const std::string& file = "config.yaml");
  /// RecBole's --config_files, --dataset and --data_path, to call after config(); `data` is to be an option.
  void recbole_spelling();

  /// `--name VALUE` sets `*target`, whose present value is the default.
  template <class T>
  void add(const std::string& name, T* target, const std::string& help, std::type_identity_t<Check<T>> check = {}) {
    const auto set = [target, check](const std::string& text) {
      T value{};
      parse_value(text, value);
      if (check) check(value);
      *target = std::move(value);
    };
    add_text(name, help, set, std::is_same_v<T, std::string>);
  }
  void flag(const std::string& name, bool* target, const std::string& help);

  /// Sets the targets of the options that the line or a file has. False: `--help` or `--version` was asked for and has
  /// been answered. Throws UsageError; DataError for what is wrong in a file.
  bool parse();

  bool given(const std::string& name) const;            ///< after parse: the line or a file has this option
  std::string where(const std::string& name) const;     ///< after parse: `FILE:LINE: ` of an option that a file has
  std::string spelling(const std::string& name) const;  ///< after parse: the name under which it is given

  /// Runs a check of the options. A UsageError about one that a file has is a DataError, which begins with its place;
  /// it is about the option that it begins with, or about `name`.
  void check(const std::function<void()>& body, const std::string& name = "") const;
  void require(const std::string& name) const;  ///< throws UsageError where it does not
  int threads() const;                          ///< 0: all cores

 private:
  using Set = std::function<void(const std::string&)>;
  void add_text(const std::string& name, const std::string& help, Set set, bool is_text = false);
  struct State;
  std::unique_ptr<State> state_;
};

/// x.y.z, as --version prints it.
std::string version();

/// Text by printf's rules.
[[gnu::format(printf, 1, 2)]] std::string formatted(const char* format, ...);

/// `text` in lines of at most `width` columns, broken at blanks. The first begins at `column`; the others are indented
/// to it.
std::string wrapped(const std::string& text, std::size_t column, std::size_t width = 100);

/// For Check: not smaller than `least`.
CommandLine::Check<std::int64_t> at_least(std::int64_t least);
/// For Check: from `least` to `most`, both included.
CommandLine::Check<std::int64_t> in_range(std::int64_t least, std::int64_t most);

/// What a command reads data for: to train or evaluate on them, to split them, to know what users have.
enum class DataUse { training, splitting, histories };

/// --data, --data_format, the fields and filters of `options`; for training and splitting the split too.
void add_data_options(CommandLine& line, data::DataOptions& options, DataUse use = DataUse::training);

/// Standard input, which a signal stops: `next` then throws Stopped.
data::TextSource standard_input();

/// A file's lines, likewise.
data::TextSource open_text(const std::string& path);

/// Where `options.path` is "-" or "demo", makes `options.text` standard input, or what `apt-cache dumpavail` prints. A
/// signal stops reading.
void fetch_text(data::DataOptions& options);

/// After `fetch_text`, for a command that reads the data twice: reads standard input now, and keeps it.
void hold_text(data::DataOptions& options);

/// Runs `body` and returns the command's exit code: 0; 1 for an exception, 2 for a UsageError, each with one line
/// `program: what` on stderr; 128 + n when signal n (SIGINT, SIGTERM) stopped it.
int run_command(const char* program, int argc, char** argv, void (*body)(CommandLine& line));

/// The number of the signal that asked the command to stop, 0 for none. Another one, two seconds later or more, ends
/// the process at once.
int stop_signal();
inline bool stop_requested() { return stop_signal() != 0; }

/// While `yes`, a signal ends the command at once, with its line and exit code: for long work that has nothing to tidy
/// up. Throws Stopped where one has come already.
void stop_at_once(bool yes);

enum class LogLevel { debug, info, warning, error };
/// One line each on stderr, if the level in force (`--log_level`, `--quiet`: warning) lets it through.
void log_info(const std::string& text);
void log_warning(const std::string& text);  ///< `warning: text`
bool log_enabled(LogLevel level);           ///< for a progress bar: is `info` let through?

/// While it lives, what this thread logs goes to `sink` in place of stderr: for a host that has its own way to tell.
class LogTo {
 public:
  using Sink = std::function<void(LogLevel level, const std::string& text)>;
  explicit LogTo(Sink sink);
  ~LogTo();
  LogTo(const LogTo&) = delete;
  LogTo& operator=(const LogTo&) = delete;

 private:
  Sink sink_;
  LogTo* before_;
  friend void log_text(LogLevel level, const std::string& text);
};

}  // namespace recvae::tools
