#pragma once

#include "../../autodiff/kernels/api.h"
#include "../interactions.h"
#include "../options.h"
#include "../split/time.h"
#include "input.h"
#include "readers.h"

/// Raw data before they are split.
namespace recvae::data {

/// Does an option of that use mean something for such data?
RECVAE_API bool has_meaning(OptionUse use, const Input& input);

/// Throws UsageError for an option without meaning for such data, but `test_history`, which strong splits may ignore.
void refuse_options(const Input& input, const DataOptions& options);

/// Ratings are kept where `ratings` says so or a threshold needs them; times are read, too, where repeated pairs are
/// told apart by them.
Interactions read_raw(const Input& input, const DataOptions& options, bool ratings = false,
                      Times times = Times::ignored);

/// Applies the filters, in RecBole's order: repeated pairs, values, intervals of rows (and then ours), the defaults of
/// a strong split or of a weak one where options say nothing; of a time split, which begins its parts `at` some
/// moments, by the rows before each part's end alone. Throws DataError where no row is left.
void filter(Interactions& rows, const Input& input, const DataOptions& options, bool strong,
            const Boundaries* at = nullptr);

}  // namespace recvae::data
