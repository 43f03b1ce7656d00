#pragma once

#include <cstdint>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../dataset.h"
#include "../interactions.h"
#include "../options.h"

namespace recvae::data {

/// A weak split, given as files or made: rows of train, then of validation, then of test, each in file order; tokens in
/// order of first appearance in them.
struct WeakSplit {
  Interactions rows;             ///< of all parts
  std::int64_t train_end = 0;    ///< of the rows
  std::int64_t valid_end = 0;    ///< of the rows
  std::int32_t train_users = 0;  ///< users that training rows (or a training file) name; they come first
  bool has_validation = true;    ///< false: files that give train and test only

  /// The same without other columns.
  WeakSplit pairs() const { return {rows.pairs(), train_end, valid_end, train_users, has_validation}; }
};

/// Puts rows into the order of a weak split; `parts` has one for every row.
RECVAE_API WeakSplit make_weak_split(Interactions rows, const std::vector<Part>& parts);

/// Matrices of a weak split: the same users are trained on and evaluated. Those of validation and of test are the users
/// with a row there. Where there is no validation, floor(validation_ratio n) of each user's n training items, drawn by
/// `seed()`, are its validation items.
RECVAE_API Dataset make_dataset(WeakSplit split, const DataOptions& options);

}  // namespace recvae::data
