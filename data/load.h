#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "dataset.h"
#include "options.h"
#include "split/strong.h"
#include "split/weak.h"

namespace recvae::data {

/// Reads, filters and splits: what a model is trained and evaluated on. Raw data and the directory that `prepare`
/// makes of them with the same options give equal matrices and tokens. Throws DataError; UsageError for options that
/// are wrong, or that filter or split data which are already split.
Dataset load(const DataOptions& options);

using Split = std::variant<StrongSplit, WeakSplit>;

/// Reads, filters and splits raw data. `keep_columns`: the rows of a weak split have ratings and times where the data
/// have them, else where the split needs them.
Split load_split(const DataOptions& options, bool keep_columns = false);

/// Matrices of a split. Takes it apart.
Dataset make_dataset(Split split, const DataOptions& options);

/// All users of some data, each with all its items.
struct Histories {
  std::vector<std::string> user_tokens;    ///< in order of first appearance
  Csr history;                             ///< users x model items
  std::vector<std::string> unknown_items;  ///< items that the model does not have, in order of first appearance
  std::int64_t unknown_rows = 0;           ///< rows with such items; they are left out
};

/// The users that the data have after the filters that are given (none by default), whether the data are split or
/// not, and their items as indices of `model_items`. A user all of whose items are unknown has an empty row.
Histories read_histories(const DataOptions& options, const std::vector<std::string>& model_items);

}  // namespace recvae::data
