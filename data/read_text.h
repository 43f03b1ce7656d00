#pragma once

#include <string>

#include "interactions.h"
#include "options.h"
#include "text_source.h"

namespace recvae::data {

Columns columns_of(const DataOptions& options);

/// Reads `text` in the format of that name (`Input::format`).
void read_text(const std::string& format, TextSource& text, const Columns& columns, InteractionBuilder& out);

}  // namespace recvae::data
