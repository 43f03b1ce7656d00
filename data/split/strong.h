#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../dataset.h"
#include "../interactions.h"

namespace recvae::data {

/// Rows by index, repeated pairs included, in the order in which they stand in a file.
struct IndexedRows {
  ///@{
  /// Of users and of items, a row each.
  std::vector<std::int32_t> uid, sid;
  ///@}

  /// Makes room for so many.
  void reserve(std::int64_t rows) {
    uid.reserve(as_size(rows));
    sid.reserve(as_size(rows));
  }
  /// Appends a row.
  void add(std::int32_t user, std::int32_t item) {
    uid.push_back(user);
    sid.push_back(item);
  }
  std::int64_t size() const { return static_cast<std::int64_t>(uid.size()); }  ///< number of rows
};

/// What a prepared directory holds.
struct StrongSplit {
  std::vector<std::string> item_tokens;  ///< unique_sid.txt
  std::vector<std::string> user_tokens;  ///< unique_uid.txt: training users, then validation's, then test's
  std::int32_t train_users = 0;          ///< uid 0 to train_users - 1
  std::int64_t rows_read = 0;            ///< of the text that was split, or of these files
  Dropped dropped;                       ///< of them, those that are not here
  ///@{
  /// The five files of rows: `_tr` is shown, `_te` is to be recovered.
  IndexedRows train, validation_tr, validation_te, test_tr, test_te;
  ///@}
};

/// Indices of `tokens` in the authors' order: by value if every one is a decimal integer (equal values by bytes), else
/// by bytes.
RECVAE_API std::vector<std::int32_t> sorted_order(const std::vector<std::string>& tokens);

/// Who is trained on and who is held out.
struct StrongUsers {
  std::vector<std::int32_t>
      sorted;  ///< indices of the users that have rows, in the order in which they take their turn
  std::vector<std::int32_t> uid_of;  ///< of each index; training users first, then validation's, then test's
  std::int32_t train_users = 0;      ///< uids below are training users
  std::int32_t first_test = 0;       ///< uids from here on are test users
};

/// All users with rows, sorted; without uids.
RECVAE_API StrongUsers users_with_rows(const Interactions& rows);

/// Which of a held-out user's rows (given in file order) are targets.
using ChooseTargets = std::function<std::vector<bool>(std::int32_t uid, std::span<const std::int64_t> rows)>;

/// The split of `rows` among `users`. Items are those of training users in order of appearance; held-out rows with
/// other items are dropped. Held-out users take their turn in sorted order; each one's targets are `choose`'s, and the
/// rest of its rows are its fold-in.
RECVAE_API StrongSplit make_strong_split(const Interactions& rows, const StrongUsers& users,
                                         const ChooseTargets& choose);

/// The authors' split. Users in `sorted_order` are permuted by `RandomState(seed)`; the last `heldout` are the test
/// users, those before them validation's. Of a held-out user with n >= 5 rows, int(0.2 n) drawn at random are targets
/// (te), the others its fold-in (tr); the generator is seeded anew for validation and for test.
/// Needs 1 <= heldout and 2 heldout < users with rows.
RECVAE_API StrongSplit split_strong(const Interactions& rows, std::int64_t heldout, std::uint32_t seed);

/// Matrices of a split. Held-out users stand in uid order, those without any row left out. Takes the split apart.
RECVAE_API Dataset make_dataset(StrongSplit split);

}  // namespace recvae::data
