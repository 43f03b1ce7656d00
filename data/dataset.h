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
};

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
  bool strong = true;  ///< held-out users are none of the training users; a history is then the fold-in part
  Summary summary;
};

}  // namespace recvae::data
