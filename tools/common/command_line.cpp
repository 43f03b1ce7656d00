#include "command_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <set>
#include <sstream>

#include "config_file.h"

namespace recvae::tools {
namespace {

LogLevel log_level = LogLevel::info;

void print_line(const std::string& text) {
  std::string line = text;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') c = ' ';
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace

std::string version() { return RECVAE_VERSION; }

std::string formatted(const char* format, ...) {
  char text[512];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);  // NOLINT(clang-analyzer-valist.Uninitialized): it is
  va_end(arguments);
  return text;
}

std::string wrapped(const std::string& text, std::size_t column, std::size_t width) {
  std::string out;
  std::size_t at = column;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const auto columns = static_cast<std::size_t>(
        std::count_if(word.begin(), word.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
    const bool starts = at == column, breaks = begin > 0 && (text[begin - 1] == '\n' || at + 1 + columns > width);
    if (breaks) out += "\n" + std::string(column, ' '), at = column;
    if (!breaks && !starts) out += ' ', ++at;
    out += word;
    at += columns;
    begin = end + 1;
  }
  return out;
}

CommandLine::Check<std::int64_t> at_least(std::int64_t least) {
  return [least](std::int64_t value) {
    if (value < least) throw std::invalid_argument("a whole number from " + std::to_string(least) + " on");
  };
}

CommandLine::Check<std::int64_t> in_range(std::int64_t least, std::int64_t most) {
  return [least, most](std::int64_t value) {
    if (value < least || value > most)
      throw std::invalid_argument("a number from " + std::to_string(least) + " to " + std::to_string(most));
  };
}

namespace {

/// Is the option of a command's call, not of what it is to do?
bool is_only_on_line(const std::string& name) {
  constexpr std::string_view names[] = {"help",   "version",      "config", "config_files",
                                        "resume", "print_config", "dry_run"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

struct CommandLine::State {
  struct Option {
    std::string name, group, help;
    bool is_flag;
    Set set;
    bool is_text = false;                // none, in a file, is no value
    std::optional<std::string> value{};  // as the line gives it, the last one, else as a file does
    std::string where{};                 // `FILE:LINE: ` of a file's
    std::string file{}, spelling{};      // where it is given, empty: the line, and under which name
  };

  std::string program, description, note, resume_file, group = "Options";
  std::vector<std::string> arguments, files;
  Dialect other;
  std::set<std::string> ignored, warnings,
      free_to_resume = {"resume", "threads", "quiet", "log_level", "help", "version"};
  std::vector<Option> options;
  std::int64_t threads = 0;
  bool quiet = false, help = false, version = false;
  LogLevel level = LogLevel::info;

  Option* find(const std::string& name) {
    const auto it = std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
    return it == options.end() ? nullptr : &*it;
  }

  bool is_of_other(const std::string& name) const {
    return std::find(other.names.begin(), other.names.end(), name) != other.names.end();
  }

  static constexpr std::size_t kLongest = 100;  // of a name that may be meant for another

  /// The name that an unknown one may be meant for, or none: of a file's keys or of the line's options.
  std::string nearest_name(const std::string& name, bool in_file) const {
    std::string nearest;
    std::size_t least = std::max<std::size_t>(3, name.size() / 2);
    const auto look_at = [&](const std::string& known, std::size_t handicap) {
      const std::size_t distance = handicap + data::name_distance(name, known);
      if (distance < least) least = distance, nearest = known;
    };
    for (const Option& option : options) {
      if (name.size() < kLongest && !(in_file && is_only_on_line(option.name))) look_at(option.name, 0);
    }
    for (const std::string& known : other.names) {
      if (name.size() < kLongest) look_at(known, 1);
    }
    return nearest;
  }

  [[noreturn]] void refuse_unknown(const std::string& name) const {
    const std::string nearest = nearest_name(name, false);
    throw data::UsageError("unknown option " + data::excerpt("--" + name, kLongest) +
                           (nearest.empty() ? "" : ", did you mean --" + nearest + "?") + "; --help lists the options");
  }

  /// Do two texts of a value say the same, but for how a list is written?
  static bool agree(const std::string& a, const std::string& b) {
    const auto bare = [](std::string text) {
      std::erase_if(text, [](char c) { return std::string_view("[] '\"").find(c) != std::string_view::npos; });
      return text;
    };
    return bare(a) == bare(b);
  }

  /// Takes away what came together with `option`'s value.
  void forget_group(const Option& option) {
    const std::string spelling = option.spelling, file = option.file;
    for (Option& o : options) {
      if (!o.value || o.spelling != spelling || o.file != file) continue;
      o.value.reset();
      o.where.clear();
    }
  }

  /// Gives an option a value, unless one that wins is there. False: it is.
  bool assign(const std::string& name, std::string value, const std::string& spelling, const std::string& file,
              const std::string& where) {
    Option& option = *find(name);
    if (option.value && option.file == file && option.spelling != spelling && !agree(*option.value, value)) {
      const std::string message = spelling + ": expected what " + option.spelling + " says, " +
                                  data::excerpt(*option.value) + ", found " + data::excerpt(value);
      if (file.empty()) throw data::UsageError("--" + message);
      throw data::DataError(where + message);
    }
    if (option.value && option.file.empty() && !file.empty()) return false;
    if (option.value && option.file != file) forget_group(option);
    option.value = std::move(value);
    option.where = where;
    option.file = file;
    option.spelling = spelling;
    return true;
  }

  /// Takes an option of the other program.
  void take_other(const std::string& name, const std::string& value, const std::string& file,
                  const std::string& where) {
    const std::string shown = file.empty() ? "--" + name : name;
    Translated here;
    try {
      here = other.translate(name, value);
    } catch (const std::invalid_argument& expected) {
      const std::string message = shown + ": expected " + expected.what() + ", found " + data::excerpt(value);
      if (file.empty()) throw data::UsageError(message);
      throw data::DataError(where + message);
    }
    if (!here.has_meaning) ignored.insert(shown);
    if (!here.warning.empty()) warnings.insert(here.warning);
    for (auto& [option, text] : here.options) {
      if (assign(option, text.value_or(""), name, file, where)) {
        if (!text) find(option)->value.reset();
      } else if (option == here.options[0].first) {
        return;
      }
    }
  }

  /// Gives the options their values. An option takes the next argument, whatever that looks like.
  void read() {
    for (std::size_t k = 0; k < arguments.size(); ++k) {
      const std::string argument = arguments[k] == "-h" ? "--help" : arguments[k];
      if (!argument.starts_with("--") || argument.size() == 2) {
        throw data::UsageError("unexpected argument " + data::excerpt(argument) + "; options begin with --");
      }
      const std::size_t equals = argument.find('=');
      const bool has_value = equals != std::string::npos;
      std::string name = argument.substr(2, has_value ? equals - 2 : equals);
      std::replace(name.begin(), name.end(), '-', '_');
      const bool of_other = is_of_other(name);
      Option* option = find(name);
      if (!option && !of_other) refuse_unknown(name);
      const bool is_flag = option && option->is_flag;
      std::string value = has_value ? argument.substr(equals + 1) : is_flag ? "true" : "";
      const bool next_is_value = k + 1 < arguments.size() && (option || !arguments[k + 1].starts_with("--"));
      if (!has_value && !is_flag && next_is_value) value = arguments[++k];
      if (of_other) {
        take_other(name, value, "", "");
        continue;
      }
      if (value.empty() && !is_flag) throw data::UsageError("--" + name + ": expected a value, found none");
      if (name == "config") files.push_back(value);
      if (name == "resume" && !resume_file.empty()) files = {value + "/" + resume_file};
      if (name == "config_files") {
        std::istringstream words(value);
        for (std::string file; words >> file;) files.push_back(file);
      }
      assign(name, std::move(value), name, "", "");
    }
  }

  /// A run goes on as it began.
  void check_resume() const {
    for (const Option& option : options) {
      if (option.value && !free_to_resume.count(option.name))
        throw data::UsageError("--" + option.name +
                               ": expected no such option beside --resume: a run goes on as it began");
    }
  }

  /// Gives the options that the line does not give a file's value.
  void read_file(const std::string& file) {
    for (ConfigEntry& entry : read_config(file)) {
      const std::string where = file + ":" + std::to_string(entry.line) + ": ";
      if (is_of_other(entry.key)) {
        take_other(entry.key, entry.value, file, where);
        continue;
      }
      Option* option = is_only_on_line(entry.key) ? nullptr : find(entry.key);
      if (!option) {
        const std::string nearest = nearest_name(entry.key, true);
        throw data::DataError(where + "unknown key " + data::excerpt(entry.key, kLongest) +
                              (nearest.empty() ? "" : ", did you mean " + nearest + "?"));
      }
      if (entry.value.empty()) throw data::DataError(where + entry.key + ": expected a value, found none");
      if (!assign(entry.key, std::move(entry.value), entry.key, file, where)) continue;
      if (entry.is_null && option->is_text) option->value.reset();
    }
  }

  /// `--dataset NAME --data_path DIR` is --data DIR/NAME.
  void take_dataset() {
    const Option *dataset = find("dataset"), *folder = find("data_path");
    if (!dataset) return;
    Option& data = *find("data");
    if (!dataset->value) {
      if (folder->value && folder->where.empty()) throw data::UsageError("--data_path: expected --dataset beside it");
      return;
    }
    if (data.value && data.where.empty() != dataset->where.empty()) {
      if (data.where.empty()) return;  // the line wins
    } else if (data.value) {
      const std::string message = "expected data or dataset, found both";
      if (data.where.empty()) throw data::UsageError(message);
      throw data::DataError(dataset->where + message);
    }
    data.value = folder->value.value_or("dataset") + "/" + *dataset->value;
    data.where = dataset->where;
  }

  /// Sets the targets of the options that have values. --help and --version are the first, and then the last.
  void set_targets() {
    for (const Option& option : options) {
      if (!option.value) continue;
      try {
        option.set(*option.value);
      } catch (const std::invalid_argument& expected) {
        const std::string message =
            option.name + ": expected " + expected.what() + ", found " + data::excerpt(*option.value);
        if (option.where.empty()) throw data::UsageError("--" + message);
        throw data::DataError(option.where + message);
      }
      if (help || version) return;
    }
  }

  void print_help() const {
    winsize window{};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
    const std::size_t width = known ? std::clamp<std::size_t>(window.ws_col, 50, 100) : 100;
    std::size_t column = 0;
    std::vector<std::string> groups;
    for (const Option& o : options) {
      column = std::max(column, o.name.size() + (o.is_flag ? 6 : 12));
      if (std::find(groups.begin(), groups.end(), o.group) == groups.end()) groups.push_back(o.group);
    }
    std::rotate(groups.begin(), groups.begin() + 1, groups.end());  // what all commands have comes last
    std::string text = wrapped(description, 0, width) + "\n\nUsage: " + program + " --option VALUE ...\n";
    for (const std::string& title : groups) {
      text += "\n" + title + ":\n";
      for (const Option& o : options) {
        if (o.group != title) continue;
        std::string left = "  --" + o.name + (o.is_flag ? "" : " VALUE");
        left.resize(column, ' ');
        text += left + wrapped(o.help, column, width) + "\n";
      }
    }
    std::fputs(text.c_str(), stdout);
  }
};

CommandLine::CommandLine(std::string program, int argc, char** argv) : state_(std::make_unique<State>()) {
  state_->program = std::move(program);
  state_->arguments.assign(argv + std::min(argc, 1), argv + argc);
  group("Common");
  flag("help", &state_->help, "print this and exit");
  flag("version", &state_->version, "print the version and exit");
  add("threads", &state_->threads, "number of threads (default: all cores)", in_range(1, 4096));
  flag("quiet", &state_->quiet, "no progress and no information, warnings only");
  add_text("log_level", "debug, info, warning or error (default: info)", [level = &state_->level](const auto& text) {
    const std::vector<std::string> levels = {"debug", "info", "warning", "error"};
    const auto it = std::find(levels.begin(), levels.end(), text);
    if (it == levels.end()) throw std::invalid_argument("debug, info, warning or error");
    *level = static_cast<LogLevel>(it - levels.begin());
  });
  group("Options");
}

CommandLine::~CommandLine() = default;

void CommandLine::describe(const std::string& text) { state_->description = text; }
void CommandLine::group(const std::string& title) { state_->group = title; }
void CommandLine::version_note(const std::string& note) { state_->note = note; }
void CommandLine::dialect(Dialect other) { state_->other = std::move(other); }
int CommandLine::threads() const { return static_cast<int>(state_->threads); }

void CommandLine::add_text(const std::string& name, const std::string& help, Set set, bool is_text) {
  state_->options.push_back({name, state_->group, help, false, std::move(set), is_text});
}

void CommandLine::flag(const std::string& name, bool* target, const std::string& help) {
  state_->options.push_back(
      {name, state_->group, help, true, [target](const std::string& text) { parse_value(text, *target); }});
}

void CommandLine::config() {
  add_text("config",
           "take options from this YAML file, `key: value`; of several files a later one wins, and options here win "
           "over all",
           [](const std::string&) {});
}

void CommandLine::resume(const std::string& help, const std::string& free, std::string* target,
                         const std::string& file) {
  add("resume", target, help);
  state_->resume_file = file;
  std::istringstream words(free);
  for (std::string name; words >> name;) state_->free_to_resume.insert(name);
}

void CommandLine::recbole_spelling() {
  add_text("config_files", "RecBole's: blanks between names; the same as --config for each", [](const std::string&) {});
  add_text(
      "dataset", "RecBole's: NAME is --data DATA_PATH/NAME", [](const std::string&) {}, true);
  add_text(
      "data_path", "RecBole's: where --dataset is looked for (default: dataset)", [](const std::string&) {}, true);
}

bool CommandLine::parse() {
  State& s = *state_;
  s.read();
  s.set_targets();  // what the line alone shows to be wrong is bad usage, whatever the files
  if (s.help) s.print_help();
  if (s.version)
    std::printf("%s %s\n%s%s", s.program.c_str(), version().c_str(), s.note.c_str(), s.note.empty() ? "" : "\n");
  if (s.help || s.version) return false;
  if (given("resume")) s.check_resume();
  for (const std::string& file : s.files) s.read_file(file);
  s.take_dataset();
  s.set_targets();
  log_level = s.quiet ? std::max(s.level, LogLevel::warning) : s.level;
  if (!s.ignored.empty()) {
    std::string names;
    for (const std::string& name : s.ignored) names += (names.empty() ? "" : ", ") + name;
    log_warning("without meaning here: " + names);
  }
  for (const std::string& warning : s.warnings) log_warning(warning);
  return true;
}

bool CommandLine::given(const std::string& name) const {
  const State::Option* option = state_->find(name);
  return option && option->value;
}

std::string CommandLine::where(const std::string& name) const {
  const State::Option* option = state_->find(name);
  return option ? option->where : "";
}

std::string CommandLine::spelling(const std::string& name) const {
  const State::Option* option = state_->find(name);
  return option && option->value ? option->spelling : "";
}

void CommandLine::check(const std::function<void()>& body, const std::string& name) const {
  try {
    body();
  } catch (const data::UsageError& error) {
    const std::string message = error.what();
    const std::size_t begin = message.starts_with("--") ? 2 : 0;
    std::string place = where(message.substr(begin, message.find_first_of(": ", begin) - begin));
    if (place.empty()) place = where(name);
    if (place.empty()) throw;
    throw data::DataError(place + message.substr(begin));
  }
}

void CommandLine::require(const std::string& name) const {
  if (!given(name)) throw data::UsageError("--" + name + " is required; --help lists the options");
}

bool log_enabled(LogLevel level) { return level >= log_level; }

namespace {

thread_local LogTo* log_to = nullptr;

}  // namespace

LogTo::LogTo(Sink sink) : sink_(std::move(sink)), before_(std::exchange(log_to, this)) {}
LogTo::~LogTo() { log_to = before_; }

void log_text(LogLevel level, const std::string& text) {
  if (log_to) return log_to->sink_(level, text);
  if (log_enabled(level)) print_line(level == LogLevel::warning ? "warning: " + text : text);
}

void log_info(const std::string& text) { log_text(LogLevel::info, text); }
void log_warning(const std::string& text) { log_text(LogLevel::warning, text); }

}  // namespace recvae::tools
