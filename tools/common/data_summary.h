// What became of the rows of the data: said once by each command that splits them.
#pragma once

#include <string>

#include "data/dataset.h"

namespace recvae::tools {

/// Logs a line that sums up, a table of what was dropped and of the parts, and warnings of what misleads.
void log_summary(const data::Summary& summary);

/// Logs what somebody learned from.
void log_learned(const std::string& who, const data::Csr& rows, bool with_validation);

/// 12345 as 12,345
std::string with_thousands(double number);

/// The numbers of log_summary as one JSON object.
std::string summary_json(const data::Summary& summary);

}  // namespace recvae::tools
