// Reports of runs that never were, for the tests: what reports look like at their limits.
#pragma once

#include <map>
#include <string>

#include "tools/report/report.h"

namespace recvae::test {

/// A report with everything in it, and names that are markup.
tools::report::RunReport hostile_report();

/// Pages by name: everything, nothing, one epoch, no validation, no numbers, thousands of epochs, all kinds of charts.
std::map<std::string, std::string> pages();

}  // namespace recvae::test
