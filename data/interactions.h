#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vocabulary.h"

namespace recvae::data {

/// What a row of a weak split, or a moment of a time split, is for.
enum class Part : std::uint8_t { train, validation, test };

/// Rows that were read and are gone, by what dropped them.
struct Dropped {
  ///@{
  /// By cause; visit() says which.
  std::int64_t unreadable = 0, repeated = 0, val_interval = 0, threshold = 0, item_interval = 0, user_interval = 0,
               rare_items = 0, short_users = 0, later = 0, unknown_items = 0;
  ///@}

  /// Calls f(name, what it counts, member) for each.
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("unreadable", "without a user or an item", self.unreadable);
    f("repeated", "repeated pairs", self.repeated);
    f("val_interval", "by --val_interval", self.val_interval);
    f("threshold", "not above --threshold", self.threshold);
    f("item_interval", "by --item_inter_num_interval", self.item_interval);
    f("user_interval", "by --user_inter_num_interval", self.user_interval);
    f("rare_items", "by --min_users_per_item", self.rare_items);
    f("short_users", "by --min_items_per_user", self.short_users);
    f("later", "of held-out users, in the time of a later part", self.later);
    f("unknown_items", "of held-out users, items that no training user has", self.unknown_items);
  }
};

/// The rows of raw data as they came: repeated pairs are rows of their own.
struct Interactions {
  std::vector<std::string> user_tokens;  ///< in order of first appearance
  std::vector<std::string> item_tokens;  ///< in order of first appearance
  std::vector<std::int32_t> users;       ///< a row each, as indices of the tokens
  std::vector<std::int32_t> items;       ///< a row each, as indices of the tokens
  std::vector<double> ratings;           ///< a row each; empty where the data have none
  std::vector<double> times;             ///< a row each; empty where the data have none or nobody asks;
                                         ///< whole numbers are exact up to 2^53
  std::vector<std::uint8_t> kept;        ///< a row each, by val_interval; empty: nothing is asked for
  bool dated = false;                    ///< times were dates, and are seconds since 1970
  std::int64_t rows_read = 0;            ///< rows of the text, those without an id included
  Dropped dropped;                       ///< of them, those that are not here

  std::int64_t rows() const { return static_cast<std::int64_t>(users.size()); }  ///< those that are here

  /// A copy without the other columns.
  Interactions pairs() const {
    Interactions out;
    out.user_tokens = user_tokens;
    out.item_tokens = item_tokens;
    out.users = users;
    out.items = items;
    out.rows_read = rows_read;
    out.dropped = dropped;
    return out;
  }

  /// f(column) for every column that there is: all have `rows()` elements.
  template <class F>
  void for_columns(F f) {
    f(users);
    f(items);
    if (!ratings.empty()) f(ratings);
    if (!times.empty()) f(times);
    if (!kept.empty()) f(kept);
  }
};

/// Where the readers put rows. Several texts may go into one, and then share the vocabularies; a column of numbers that
/// some row lacks is dropped.
class InteractionBuilder {
 public:
  /// Appends a row; one whose user or item is the empty text is counted and left out.
  void add(const Token& user, const Token& item, std::optional<double> rating = {}, std::optional<double> time = {},
           std::optional<bool> kept = {}) {
    if (user.text.empty() || item.text.empty()) {
      ++built_.rows_read;
      ++built_.dropped.unreadable;
      return;
    }
    add_row(users_.add(user), item);
    if (rating && ratings_) built_.ratings.push_back(*rating);
    if (time) built_.times.push_back(*time);
    if (kept) built_.kept.push_back(*kept);
  }
  void times_are_dates() { built_.dated = true; }  ///< see Interactions::dated
  void forget_ratings() { ratings_ = false; }      ///< of rows to come: nobody asks for them
  /// Names a user who may have no rows.
  std::int32_t add_user(std::string_view user) { return users_.add(user); }
  /// Appends a row of a user that `add_user` gave.
  void add_row(std::int32_t user, const Token& item) {
    ++built_.rows_read;
    built_.users.push_back(user);
    built_.items.push_back(items_.add(item));
  }

  std::int64_t rows() const { return built_.rows(); }   ///< so far
  std::int32_t users() const { return users_.size(); }  ///< so far
  Interactions take() {
    for (auto* column : {&built_.ratings, &built_.times}) {
      if (column->size() != built_.users.size()) *column = {};
    }
    built_.user_tokens = std::move(users_).take();
    built_.item_tokens = std::move(items_).take();
    return std::move(built_);
  }  ///< what was added; begins anew

 private:
  Vocabulary users_, items_;
  bool ratings_ = true;
  Interactions built_;
};

}  // namespace recvae::data
