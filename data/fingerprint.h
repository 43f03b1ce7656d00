#pragma once

#include <string>
#include <utility>
#include <vector>

#include "../autodiff/kernels/api.h"
#include "dataset.h"

namespace recvae::data {

/// A hash of which user has which items, by their tokens: 32 hexadecimal digits, the same for any order of the rows
/// and for any numbering of users and items. (128 bits: the XXH3 hashes of the pairs, added, hashed with their count.)
RECVAE_API std::string fingerprint(const Csr& rows, const std::vector<std::string>& user_tokens,
                                   const std::vector<std::string>& item_tokens);

/// That of the training part; `with_validation`: of it and all rows of the validation users, each pair counted once.
RECVAE_API std::string fingerprint(const Dataset& dataset, bool with_validation = false);

/// Hashes of its parts, each by what it is about, which differ, too, where rows, users or items come in another order:
/// what a run has to find as it was in order to go on to the same bits.
RECVAE_API std::vector<std::pair<std::string, std::string>> fingerprints(const Dataset& dataset);

/// That of what was learned from one after the other: `last` where the first is the same, or empty.
RECVAE_API std::string joined_fingerprint(const std::string& first, const std::string& last);

}  // namespace recvae::data
