#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "csr.h"

namespace recvae::data {

/// Users to be evaluated: what a model is shown of each (history) and what it has to recover (targets).
struct HeldOut {
  std::vector<std::string> user_tokens;
  Csr history;
  Csr targets;
  Csr masked{};  ///< further items that are masked though not shown, a row per user; without rows: none
};

/// The users that have targets (`any_row`: or a history), of matrices with a row for every one of `tokens`.
HeldOut users_with_targets(const Csr& history, const Csr& targets, const std::vector<std::string>& tokens,
                           bool any_row = false);

/// Counts for one log line.
struct Summary {
  std::int64_t rows_read = 0;   ///< of the files
  std::int64_t rows = 0;        ///< left after the filters
  std::int64_t duplicates = 0;  ///< of these, rows that repeat a pair and were collapsed
  std::int64_t users = 0;       ///< with rows left, or as the files give them
  std::int64_t items = 0;       ///< in the vocabulary
  std::int64_t train_users = 0, validation_users = 0, test_users = 0;
};

/// `1000 rows read, 554 kept (3 repeated), 50 users x 70 items; 40 users to train, 5 + 5 held out`.
std::string describe(const Summary& summary);

struct Dataset {
  std::vector<std::string> item_tokens;  ///< in index order
  std::vector<std::string> user_tokens;  ///< training users, in index order
  Csr train;                             ///< training users x items
  HeldOut validation, test;
  Csr train_and_validation;  ///< all users of a weak split, those without targets too; empty in a strong one and
                             ///< under `test_history` train
  bool strong = true;        ///< held-out users are none of the training users; a history is then the fold-in part
  Summary summary;

  /// What a baseline learns from that is evaluated on validation or on test.
  const Csr& baseline_rows(bool for_test) const {
    return for_test && train_and_validation.rows() > 0 ? train_and_validation : train;
  }
};

/// All rows that are not for the test: those of each training user with those for validation, and validation users who
/// are none as further users. Items that no training user of a strong split has are not in the catalogue and not here.
Csr training_and_validation(const Dataset& dataset);

/// Gives a data set, whose matrices are complete, its tokens (`user_tokens`: training users first) and its summary.
Dataset with_tokens(Dataset dataset, std::vector<std::string> item_tokens, std::vector<std::string> user_tokens,
                    std::int64_t rows_read, std::int64_t rows);

}  // namespace recvae::data
