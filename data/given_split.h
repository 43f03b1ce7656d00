#pragma once

#include "dataset.h"
#include "input.h"
#include "interactions.h"
#include "options.h"

namespace recvae::data {

/// Rows of a split that files give: one after another train, validation, test, in one vocabulary.
struct GivenSplit {
  Interactions rows;
  std::int64_t train_end = 0, valid_end = 0;  ///< of the rows
  std::int32_t train_users = 0;               ///< users that the training file names; their indices come first
  bool has_validation = true;
};

/// Reads the files of `input`, whose kind is parts.
GivenSplit read_parts(const Input& input, const DataOptions& options);

/// Matrices of a weak split: the same users are trained on and evaluated. Where there is no validation file,
/// floor(validation_ratio n) of each user's n training items, drawn by `seed`, are its validation items.
Dataset make_dataset(GivenSplit split, const DataOptions& options);

}  // namespace recvae::data
