// The blend of a trained model with others.
#pragma once

#include <vector>

#include "session.h"

namespace recvae::tools {

/// Throws, before a long training, for parts that cannot be blended with what it makes.
void check_parts(const TrainOptions& options, const data::Dataset& data);

/// Is a blend asked for, and are its parts there? Warns where one could not be learned.
bool can_blend(const Session& s);

/// Its weights, given or chosen on validation, of parts that have learned from the training part alone.
std::vector<double> choose_blend(const Session& s);

/// Prints the test results of the blend's parts that are files, and last of the blend.
void test_blend(const std::vector<double>& weights, Session& s);

}  // namespace recvae::tools
