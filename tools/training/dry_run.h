// What a training run would take.
#pragma once

#include <string>

#include "recvae/fit.h"

namespace recvae::tools {

/// Takes a few steps of each phase and says what memory, disk and time the whole run takes, if it wrote into `out`. The
/// fit is of no further use. `building`: the seconds that its construction took, most of them for a posterior refresh.
void dry_run(Fit& fit, double building, const std::string& out);

}  // namespace recvae::tools
