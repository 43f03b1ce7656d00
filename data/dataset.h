#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../autodiff/kernels/api.h"
#include "csr.h"
#include "interactions.h"

namespace recvae::data {

/// Users to be evaluated: what a model is shown of each (history) and what it has to recover (targets).
struct HeldOut {
  std::vector<std::string> user_tokens;  ///< one a row
  Csr history;                           ///< users x items, what is shown
  Csr targets;                           ///< users x items, what is to be recovered
  Csr masked{};  ///< further items that are masked though not shown, a row per user; without rows: none
};

/// The users that have targets (`any_row`: or a history), of matrices with a row for every one of `tokens`.
RECVAE_API HeldOut users_with_targets(const Csr& history, const Csr& targets, const std::vector<std::string>& tokens,
                                      bool any_row = false);

/// What became of the rows of one part: after pairs that repeat have collapsed, `rows` are matrix entries.
struct PartSummary {
  std::int64_t users = 0;            ///< with rows
  std::int64_t rows = 0;             ///< entries
  std::int64_t empty_histories = 0;  ///< held-out users of whom a model is shown nothing
  std::int64_t targets = 0;          ///< of held-out users
  std::int64_t unknown_targets = 0;  ///< targets with an item that no training row has
  std::int64_t masked_targets = 0;   ///< targets that the user's history has, too, and that no list can hold
  std::int64_t trained_targets = 0;  ///< of users held out: targets that the training part has, too
};

/// What became of the rows that were read: rows_read is the sum of `dropped` and of the parts' rows.
struct Summary {
  std::int64_t rows_read = 0;   ///< of the files
  Dropped dropped;              ///< of these, by cause
  std::int64_t rows = 0;        ///< left after the filters, repeated ones included
  std::int64_t duplicates = 0;  ///< of these, rows that repeat a pair and were collapsed
  std::int64_t users = 0;       ///< with rows left, or as the files give them
  std::int64_t items = 0;       ///< in the vocabulary
  ///@{
  /// Of each part.
  PartSummary train, validation, test;
  ///@}
};

/// `1000 rows read, 554 kept (3 repeated), 50 users x 70 items; 40 users to train, 5 to validate, 5 to test`.
RECVAE_API std::string describe(const Summary& summary);

/// What is trained on and what is held out.
struct Dataset {
  std::vector<std::string> item_tokens;  ///< in index order
  std::vector<std::string> user_tokens;  ///< training users, in index order
  Csr train;                             ///< training users x items
  ///@{
  /// Those held out.
  HeldOut validation, test;
  ///@}
  Csr train_and_validation;  ///< all users of a weak split, those without targets too; empty in a strong one and
                             ///< under `test_history` train
  bool strong = true;        ///< held-out users are none of the training users; a history is then the fold-in part
  Summary summary;           ///< of the rows

  /// What a baseline learns from that is evaluated on validation or on test.
  const Csr& baseline_rows(bool for_test) const {
    return for_test && train_and_validation.rows() > 0 ? train_and_validation : train;
  }
};

/// Users and what they have.
struct UserItems {
  Csr rows;                              ///< users x items
  std::vector<std::string> user_tokens;  ///< one a row
};

/// All rows that are not for the test: those of each training user with those for validation, and validation users who
/// are none as further users. Items that no training user of a strong split has are not in the catalogue and not here.
RECVAE_API UserItems training_and_validation(const Dataset& dataset);

/// The rows of a split, before pairs that repeat within a part collapse.
struct SplitRows {
  std::int64_t read = 0;      ///< rows of the files
  Dropped dropped;            ///< of these, by cause
  std::int64_t in_parts = 0;  ///< what is left
};

/// Gives a data set, whose matrices are complete, its tokens (`user_tokens`: training users first) and its summary.
RECVAE_API Dataset with_tokens(Dataset dataset, std::vector<std::string> item_tokens,
                               std::vector<std::string> user_tokens, const SplitRows& rows);

}  // namespace recvae::data
