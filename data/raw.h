#pragma once

#include "interactions.h"
#include "options.h"
#include "read/input.h"
#include "read/readers.h"

/// Raw data before they are split.
namespace recvae::data {

/// Throws UsageError for filter and split options that have no meaning for such data.
void refuse_options(const Input& input, const DataOptions& options);

Interactions read_raw(const Input& input, const DataOptions& options, Times times = Times::ignored);

/// Applies the filters, the defaults of a strong split or of a weak one where options say nothing. Throws DataError
/// where no row is left.
void filter(Interactions& rows, const Input& input, const DataOptions& options, bool strong);

}  // namespace recvae::data
