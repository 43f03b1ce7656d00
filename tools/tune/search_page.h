// tune.html: what a search found, for people.
#pragma once

#include <string>
#include <vector>

#include "recvae/tune/search.h"
#include "setup.h"

namespace recvae::tools {

/// A self-contained page: the best settings, the validation metric against each parameter, and all trials.
std::string search_page(const SearchSetup& setup, const tune::Search& search, const std::vector<Metric>& metrics);

}  // namespace recvae::tools
