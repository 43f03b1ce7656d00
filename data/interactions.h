#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vocabulary.h"

namespace recvae::data {

/// The rows of raw data as they came: repeated pairs are rows of their own.
struct Interactions {
  std::vector<std::string> user_tokens, item_tokens;  ///< in order of first appearance
  std::vector<std::int32_t> users, items;             ///< a row each, as indices of the tokens
  std::vector<double> ratings;                        ///< a row each; empty where the data have none
  std::vector<double> times;                          ///< likewise, where they were asked for; the unit is the data's
  std::int64_t rows_read = 0;                         ///< rows of the text, those without an id included

  std::int64_t rows() const { return static_cast<std::int64_t>(users.size()); }
};

/// Which columns a table's rows come from, and which of them are kept.
struct Columns {
  std::string user = "userId", item = "movieId", rating = "rating", time = "timestamp";
  bool need_rating = false;  ///< a table without ratings is an error
  bool keep_times = false;   ///< read times; a table without them is an error
};

/// Where the readers put rows. Several texts may go into one, and then share the vocabularies.
class InteractionBuilder {
 public:
  /// Appends a row; one whose user or item is the empty text is counted and left out.
  void add(std::string_view user, std::string_view item, std::optional<double> rating = {},
           std::optional<double> time = {});
  /// Names a user who may have no rows.
  std::int32_t add_user(std::string_view user) { return users_.add(user); }
  /// Appends a row of a user that `add_user` gave.
  void add_row(std::int32_t user, std::string_view item);

  std::int64_t rows() const { return built_.rows(); }
  std::int32_t users() const { return users_.size(); }
  Interactions take();

 private:
  Vocabulary users_, items_;
  Interactions built_;
};

}  // namespace recvae::data
