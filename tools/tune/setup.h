// What a search is asked for, on the command line and in the directory of one that goes on.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/options.h"
#include "recvae/tune/plan.h"

namespace recvae::tools {

/// All that a search's outcome follows from, beside the data's content.
struct SearchSetup {
  std::string params;       ///< the text of the file of parameters
  std::string params_file;  ///< its name, for messages
  std::string algo = "exhaustive";
  std::optional<std::int64_t> max_evals, early_stop;
  data::DataOptions data;
  Settings settings;

  tune::Plan plan() const;
};

/// Hashes of the data's parts (data::fingerprints).
using Fingerprints = std::vector<std::pair<std::string, std::string>>;

/// One line of JSON, and back. Throws std::runtime_error for text that is none of these.
std::string to_json(const SearchSetup& setup, const Fingerprints& data);
std::pair<SearchSetup, Fingerprints> setup_from_json(const std::string& text);

}  // namespace recvae::tools
