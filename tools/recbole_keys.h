// Keys of RecBole's configuration that change nothing here.
#pragma once

#include <string>
#include <vector>

namespace recvae::tools {

/// Of machines, files, logs, negative samples, and fields that no model of this kind reads. A key that would change a
/// result (`learner`, `transform`) is not among them.
std::vector<std::string> recbole_keys_without_meaning();

}  // namespace recvae::tools
