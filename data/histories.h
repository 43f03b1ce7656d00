#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../autodiff/kernels/api.h"
#include "csr.h"
#include "options.h"

namespace recvae::data {

/// All users of some data, those who have lost all their rows by the filters too.
struct Histories {
  std::vector<std::string> user_tokens;    ///< in order of first appearance
  Csr history;                             ///< users x model items: the rows that the filters leave
  Csr seen;                                ///< users x model items: all rows
  std::vector<std::string> unknown_items;  ///< of `history`, that the model does not have, in order of first appearance
  std::int64_t unknown_rows = 0;           ///< rows of it with such items; they are left out
};

/// The users of the data and their items as indices of `model_items`, whether the data are split or not, by the
/// filters that are given (none by default). A user all of whose items are unknown has an empty row.
RECVAE_API Histories read_histories(const DataOptions& options, const std::vector<std::string>& model_items);

}  // namespace recvae::data
