#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "../autodiff/kernels/api.h"
#include "dataset.h"
#include "options.h"
#include "split/strong.h"
#include "split/weak.h"

namespace recvae::data {

/// Reads, filters and splits: what a model is trained and evaluated on. Raw data and the directory that `prepare`
/// makes of them with the same options give equal matrices and tokens. Throws DataError; UsageError for options that
/// are wrong, or that filter or split data which are already split.
RECVAE_API Dataset load(const DataOptions& options);

/// Either kind of split.
using Split = std::variant<StrongSplit, WeakSplit>;

/// Reads, filters and splits raw data. `keep_columns`: the rows of a weak split have ratings and times where the data
/// have them, else where the split needs them.
RECVAE_API Split load_split(const DataOptions& options, bool keep_columns = false);

/// Matrices of a split. Takes it apart.
RECVAE_API Dataset make_dataset(Split split, const DataOptions& options);

}  // namespace recvae::data
