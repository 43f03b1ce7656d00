#pragma once

#include "command_line.h"

namespace recvae::tools {

/// RecBole's eval_args as --split, --ratios, --order and --group_by; parts that are missing have RecBole's defaults.
/// Throws std::invalid_argument, what was expected and why, for what there is not here.
CommandLine::Translated eval_args(const std::string& text);

}  // namespace recvae::tools
