#include "command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <limits>
#include <map>
#include <new>
#include <numeric>

namespace recvae::tools {
namespace {

LogLevel log_level = LogLevel::info;

template <class T>
void parse_number(const std::string& text, T& out, const char* expected) {
  const char* begin = text.data() + (text.size() > 1 && text[0] == '+' && text[1] != '-' ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, out);
  if (error != std::errc{} || stop != end) throw std::invalid_argument(expected);
}

std::string stripped(std::string text) {
  const auto blank = [](unsigned char c) { return std::isspace(c) != 0; };
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
  text.erase(std::find_if_not(text.rbegin(), text.rend(), blank).base(), text.end());
  return text;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

void print_line(const std::string& text) {
  std::string line = text;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') c = ' ';
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace

void parse_value(const std::string& text, std::string& out) { out = text; }

void parse_value(const std::string& text, bool& out) {
  if (text != "true" && text != "True" && text != "false" && text != "False") {
    throw std::invalid_argument("true or false");
  }
  out = text == "true" || text == "True";
}

void parse_value(const std::string& text, int& out) { parse_number(text, out, "a whole number"); }
void parse_value(const std::string& text, std::int64_t& out) { parse_number(text, out, "a whole number"); }
void parse_value(const std::string& text, std::uint64_t& out) { parse_number(text, out, "a whole number from 0 on"); }
void parse_value(const std::string& text, double& out) { parse_number(text, out, "a number"); }

void parse_value(const std::string& text, std::vector<std::string>& out) {
  std::string list = stripped(text);
  if (list.size() >= 2 && list.front() == '[' && list.back() == ']') list = list.substr(1, list.size() - 2);
  out.clear();
  if (stripped(list).empty()) return;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    std::string element = stripped(list.substr(begin, end - begin));
    if (element.size() >= 2 && (element[0] == '"' || element[0] == '\'') && element.back() == element[0]) {
      element = element.substr(1, element.size() - 2);
    }
    if (element.empty()) throw std::invalid_argument("a list such as [a,b]");
    out.push_back(element);
    begin = end + 1;
  }
}

namespace {
template <class T>
void parse_list(const std::string& text, std::vector<T>& out, const char* expected) {
  std::vector<std::string> elements;
  parse_value(text, elements);
  out.clear();
  for (const auto& element : elements) parse_number(element, out.emplace_back(), expected);
}
}  // namespace

void parse_value(const std::string& text, std::vector<double>& out) {
  parse_list(text, out, "a list of numbers such as [0.5,0.5]");
}
void parse_value(const std::string& text, std::vector<std::int64_t>& out) {
  parse_list(text, out, "a list of whole numbers such as [10,20]");
}

bool is_none(const std::string& text) { return text == "none" || text == "None" || text == "null"; }

CommandLine::Check<std::int64_t> at_least(std::int64_t least) {
  return [least](std::int64_t value) -> std::string {
    if (value >= least) return {};
    return "expected a whole number from " + std::to_string(least) + " on, found " + std::to_string(value);
  };
}

CommandLine::Check<std::int64_t> in_range(std::int64_t least, std::int64_t most) {
  return [least, most](std::int64_t value) -> std::string {
    if (value >= least && value <= most) return {};
    return "expected a number from " + std::to_string(least) + " to " + std::to_string(most) + ", found " +
           std::to_string(value);
  };
}

struct CommandLine::State {
  std::string program;
  std::vector<std::string> arguments;
  CLI::App app;
  std::string group = "Options";
  std::string note;
  std::map<std::string, CLI::Option*> options;
  std::map<std::string, bool*> flags;
  std::int64_t threads = 0;
  bool quiet = false;
  bool help = false, version = false;
  std::string level = "info";

  /// `--some-name=value` as `some_name`, and where its value begins (npos: there is none).
  static std::string name_of(const std::string& argument, std::size_t& equals) {
    equals = argument.find('=');
    std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
  }

  [[noreturn]] void refuse_unknown(const std::string& name) const {
    std::string nearest;
    std::size_t distance = std::max<std::size_t>(3, name.size() / 2);
    for (const auto& [known, option] : options) {
      if (const auto d = edit_distance(name, known); d < distance) distance = d, nearest = known;
    }
    throw data::UsageError("unknown option --" + name +
                           (nearest.empty() ? "; --help lists the options" : "; did you mean --" + nearest + "?"));
  }

  /// Every argument as `--name=value` or `--flag`: CLI11 then never guesses whether `-1` or `--x` is a value.
  std::vector<std::string> normalised() const {
    std::vector<std::string> out;
    for (std::size_t k = 0; k < arguments.size(); ++k) {
      const std::string& argument = arguments[k];
      if (argument == "-h") {
        out.push_back("--help");
        continue;
      }
      if (!argument.starts_with("--") || argument.size() == 2) {
        throw data::UsageError("unexpected argument " + data::excerpt(argument) + "; options begin with --");
      }
      std::size_t equals = 0;
      const std::string name = name_of(argument, equals);
      if (!options.count(name)) refuse_unknown(name);
      if (flags.count(name)) {
        bool value = true;
        try {
          if (equals != std::string::npos) parse_value(argument.substr(equals + 1), value);
        } catch (const std::invalid_argument&) {
          throw data::UsageError("--" + name + ": expected no value, found " +
                                 data::excerpt(argument.substr(equals + 1)));
        }
        out.push_back("--" + name + (value ? "=true" : "=false"));
      } else if (equals != std::string::npos) {
        if (equals + 1 == argument.size()) throw data::UsageError("--" + name + ": expected a value, found none");
        out.push_back("--" + name + argument.substr(equals));
      } else {
        if (k + 1 == arguments.size() || arguments[k + 1].empty()) {
          throw data::UsageError("--" + name + ": expected a value, found none");
        }
        out.push_back("--" + name + "=" + arguments[++k]);
      }
    }
    return out;
  }
};

CommandLine::CommandLine(std::string program, int argc, char** argv) : state_(std::make_unique<State>()) {
  state_->program = std::move(program);
  state_->arguments.assign(argv + std::min(argc, 1), argv + argc);
  state_->app.name(state_->program);
  state_->app.set_help_flag();  // ours, like every other flag
  group("Common");
  flag("help", &state_->help, "print this and exit");
  flag("version", &state_->version, "print the version and exit");
  add("threads", &state_->threads, "number of threads (default: all cores)", in_range(1, 4096));
  flag("quiet", &state_->quiet, "no progress and no information, warnings only");
  add("log_level", &state_->level, "debug, info, warning or error (default: info)", [](const std::string& level) {
    const bool known = level == "debug" || level == "info" || level == "warning" || level == "error";
    return known ? std::string() : "expected debug, info, warning or error, found " + data::excerpt(level);
  });
  group("Options");
}

CommandLine::~CommandLine() = default;

void CommandLine::describe(const std::string& text) { state_->app.description(text); }
void CommandLine::group(const std::string& title) { state_->group = title; }
void CommandLine::version_note(const std::string& note) { state_->note = note; }
int CommandLine::threads() const { return static_cast<int>(state_->threads); }

void CommandLine::add_text(const std::string& name, const std::string& help, Set set) {
  const auto callback = [name, set](const CLI::results_t& values) {
    try {
      set(values.back());
    } catch (const data::UsageError&) {
      throw;
    } catch (const std::invalid_argument& expected) {
      throw data::UsageError("--" + name + ": expected " + expected.what() + ", found " + data::excerpt(values.back()));
    }
    return true;
  };
  state_->options[name] = state_->app.add_option("--" + name, callback, help)
                              ->type_name("VALUE")
                              ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
                              ->group(state_->group);
}

void CommandLine::flag(const std::string& name, bool* target, const std::string& help) {
  const auto callback = [target](const CLI::results_t& values) {
    *target = values.back() == "true";
    return true;
  };
  state_->options[name] = state_->app.add_option("--" + name, callback, help)
                              ->type_name("")
                              ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
                              ->group(state_->group);
  state_->flags[name] = target;
}

bool CommandLine::parse() {
  std::vector<std::string> arguments = state_->normalised();
  // Whoever asks for help gets it, whatever else is on the line.
  const auto asks = [&](const char* flag) { return std::count(arguments.begin(), arguments.end(), flag) > 0; };
  if (asks("--help=true")) {
    std::fputs(state_->app.help().c_str(), stdout);
    return false;
  }
  if (asks("--version=true")) {
    std::printf("%s %s\n", state_->program.c_str(), RECVAE_VERSION);
    if (!state_->note.empty()) std::printf("%s\n", state_->note.c_str());
    return false;
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    state_->app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    throw data::UsageError(error.what());
  }
  const std::string& level = state_->level;
  log_level = level == "debug"     ? LogLevel::debug
              : level == "info"    ? LogLevel::info
              : level == "warning" ? LogLevel::warning
                                   : LogLevel::error;
  if (state_->quiet) log_level = std::max(log_level, LogLevel::warning);
  return true;
}

bool CommandLine::given(const std::string& name) const {
  const auto option = state_->options.find(name);
  return option != state_->options.end() && option->second->count() > 0;
}

void CommandLine::require(const std::string& name) const {
  if (!given(name)) throw data::UsageError("--" + name + " is required; --help lists the options");
}

bool log_enabled(LogLevel level) { return level >= log_level; }

void log_info(const std::string& text) {
  if (log_enabled(LogLevel::info)) print_line(text);
}
void log_warning(const std::string& text) {
  if (log_enabled(LogLevel::warning)) print_line("warning: " + text);
}

}  // namespace recvae::tools
