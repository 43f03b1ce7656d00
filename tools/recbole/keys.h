// RecBole's configuration, as its users have it.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "command_line.h"

namespace recvae::tools {

/// What becomes of a key of RecBole's documentation here.
enum class Fate {
  same,        ///< an option of the same name
  translated,  ///< options of other names, or the same one with another value
  ignored,     ///< taken, and named in a warning
  refused      ///< but for the value that changes nothing
};

struct RecboleKey {
  const char* name;
  const char* area;  ///< environment, data, training, evaluation, model, tuning
  Fate fate;
  const char* what;  ///< to be read behind the fate, in RECBOLE.md
  /// Of a key whose value is not simply an option's: what it means. Throws std::invalid_argument, what was expected.
  CommandLine::Translated (*translate)(const std::string& value) = nullptr;
};

std::span<const RecboleKey> recbole_keys();
std::string name_of(Fate fate);

/// What a key that stands for one option of another name is called here, and a warning where there is to be one; any
/// other name is its own.
std::pair<std::string, std::string> name_here(const std::string& name);

/// The text of a file of parameters with their names here, and a warning where name_here has one.
std::string names_here(const std::string& params);

/// All keys, for the command line.
CommandLine::Dialect recbole_dialect();

}  // namespace recvae::tools
