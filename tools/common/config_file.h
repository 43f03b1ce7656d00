// Settings in YAML files: a map of values, and of lists and maps of values.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace recvae::tools {

/// One key of a file, its hyphens made underscores, and its value as the command line would give it: a scalar's literal
/// text, `none` for a null, [a,b] for a list, and what is nested as data::to_text has it.
struct ConfigEntry {
  std::string key, value;
  bool is_null = false;
  std::int64_t line = 0;  ///< from 1, of the key
};

/// The keys of a file, in its order. Throws DataError, `file:line: what`, for a file that cannot be read, is no YAML or
/// not of this form (more than 6 levels within, anchors, tags, several documents), is larger than 1 MiB, or has a key
/// twice.
std::vector<ConfigEntry> read_config(const std::string& path);

/// An object of values, and of lists of values, as YAML that `read_config` reads back: equal texts, numbers digit by
/// digit. No text in it has a NUL byte, none in a list a comma.
std::string config_text(const nlohmann::ordered_json& settings);

}  // namespace recvae::tools
