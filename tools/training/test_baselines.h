// Baselines that a trained model is tested beside, and what is saved of them.
#pragma once

#include <string>
#include <vector>

#include "session.h"

namespace recvae::tools {

/// Leaves out the default baselines that are not affordable, and refuses given ones that are beyond the memory. Those
/// that the blend learns are given.
std::vector<std::string> choose_baselines(const TrainOptions& options, const data::Dataset& data);

/// Learns the baselines, prints their test results, and keeps what is asked for: as files, and for the blend.
void test_baselines(const std::vector<std::string>& names, Session& s);

}  // namespace recvae::tools
