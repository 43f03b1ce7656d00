#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "../autodiff/kernels/api.h"
#include "read/text_source.h"

namespace recvae::data {

/// The text of an option's value as a T; throws std::invalid_argument, "a whole number" and the like, where it is none.
/// Text is text; a bool true or false; numbers are finite; a list is [a,b] or a,b, quotes around its elements stripped.
template <class T>
RECVAE_API void parse_value(const std::string& text, T& out);
/// The elements of a list such as `[a, b]` or `a,b`.
RECVAE_API std::vector<std::string> parse_list(const std::string& text);
RECVAE_API bool is_none(const std::string& text);  ///< none, None or null

/// Reads a value; none, None and null are no value.
template <class T>
void parse_value(const std::string& text, std::optional<T>& out) {
  if (is_none(text)) {
    out.reset();
  } else {
    parse_value(text, out.emplace());
  }
}
/// Reads a list of values.
template <class T>
void parse_value(const std::string& text, std::vector<T>& out) {
  out.clear();
  for (const std::string& element : parse_list(text)) {
    try {
      parse_value(element, out.emplace_back());
    } catch (const std::invalid_argument& expected) {
      throw std::invalid_argument(std::string("a list such as [a,b], each ") + expected.what());
    }
  }
}

/// What a file is.
enum class Format {
  table,        ///< csv, tsv and the like, with a header
  inter,        ///< RecBole's
  u_data,       ///< MovieLens 100K's
  ratings_dat,  ///< MovieLens 1M's
  adjacency,    ///< a line per user: it and its items
  prepared,     ///< a directory that recvae_prepare wrote
  dumpavail,    ///< `apt-cache dumpavail`
};
/// How rows are parted.
enum class SplitKind {
  strong,  ///< users are held out
  ratio,   ///< a share of each user's rows
  loo,     ///< two rows of each user
  time,    ///< the rows from a moment on
};
/// The order in which a user's rows are parted.
enum class Order {
  random,  ///< drawn
  time,    ///< the oldest first
};
/// What shares are taken of.
enum class GroupBy {
  user,  ///< the rows of each user
  none,  ///< all rows together
};
/// Who is tested in a time split.
enum class TimeUsers {
  all,         ///< all who have rows in the part
  newly_seen,  ///< users first seen from then on
};
/// What a model is shown in the test.
enum class TestHistory {
  all,    ///< rows for validation, too
  train,  ///< training rows alone
};
/// What stays of rows that repeat a pair.
enum class Repeated {
  stay,   ///< all
  first,  ///< the first
  last,   ///< the last
};

/// kNames<E>: the values of the enum E as the command line, messages and metadata spell them.
template <class E>
struct Named {
  const char* name;  ///< as it is spelt
  E value;           ///< what that means
};
/// Of what has no names.
template <class E>
inline constexpr int kNames = 0;
/// Of Format.
template <>
inline constexpr Named<Format> kNames<Format>[] = {
    {"table", Format::table},         {"csv", Format::table},         {"tsv", Format::table},
    {"inter", Format::inter},         {"u.data", Format::u_data},     {"ratings.dat", Format::ratings_dat},
    {"adjacency", Format::adjacency}, {"prepared", Format::prepared}, {"dumpavail", Format::dumpavail}};
/// Of SplitKind.
template <>
inline constexpr Named<SplitKind> kNames<SplitKind>[] = {
    {"strong", SplitKind::strong}, {"ratio", SplitKind::ratio}, {"loo", SplitKind::loo}, {"time", SplitKind::time}};
/// Of Order.
template <>
inline constexpr Named<Order> kNames<Order>[] = {{"RO", Order::random}, {"TO", Order::time}};
/// Of GroupBy.
template <>
inline constexpr Named<GroupBy> kNames<GroupBy>[] = {{"user", GroupBy::user}, {"none", GroupBy::none}};
/// Of TimeUsers.
template <>
inline constexpr Named<TimeUsers> kNames<TimeUsers>[] = {{"all", TimeUsers::all}, {"new", TimeUsers::newly_seen}};
/// Of TestHistory.
template <>
inline constexpr Named<TestHistory> kNames<TestHistory>[] = {{"all", TestHistory::all}, {"train", TestHistory::train}};

/// Of Repeated.
template <>
inline constexpr Named<Repeated> kNames<Repeated>[] = {
    {"none", Repeated::stay}, {"first", Repeated::first}, {"last", Repeated::last}};

/// The first name of a value.
template <class E>
std::string name_of(E value) {
  for (const Named<E>& known : kNames<E>) {
    if (known.value == value) return known.name;
  }
  return {};
}

/// Reads a name of E, of which none, None and null are one; the empty text, and none where it is no name, are no value.
/// Throws std::invalid_argument, `user or none`, for any other text.
template <class E>
requires std::is_enum_v<E>
void parse_value(const std::string& text, std::optional<E>& out) {
  const bool none = text == "none" || text == "None" || text == "null";
  std::string names;
  for (std::size_t k = 0; k < std::size(kNames<E>); ++k) {
    const Named<E>& known = kNames<E>[k];
    out = known.value;
    if ((none ? "none" : text) == known.name) return;
    names.append(k == 0 ? "" : k + 1 < std::size(kNames<E>) ? ", " : " or ").append(known.name);
  }
  out.reset();
  if (!none && !text.empty()) throw std::invalid_argument(names);
}

/// What an option is about, which says for which data it has a meaning.
enum class OptionUse {
  source,      ///< where and what the data are
  filter,      ///< of raw data
  split,       ///< of raw data
  seed,        ///< of a random split, and where a validation part is drawn
  validation,  ///< where files give train and test only
  history      ///< of weak splits
};

/// An option of the commands.
struct Option {
  const char* name;                           ///< on the command line: `--name`
  OptionUse use;                              ///< what it is about
  const char* help;                           ///< what `--help` says
  std::initializer_list<SplitKind> splits{};  ///< the kinds that have it; none: all
};

/// What to read and how to filter and split it. The names and defaults are those of the commands' options.
struct DataOptions {
  std::string path;                  ///< file or directory; "-" and "demo" name a text that is given below
  std::function<TextSource()> text;  ///< opens what `path` names where it is "-" (a file) or "demo" (the text of
                                     ///< `apt-cache dumpavail`); asked once per reading
  std::function<bool()> stop;        ///< asked while files are read and written: true ends that with Stopped
  /// Called while a file is read, with its name, the bytes so far and all of them.
  std::function<void(const std::string& file, std::int64_t bytes, std::int64_t total)> progress;
  std::optional<Format> format;  ///< default: by name

  ///@{
  /// As on the command line: what it means, and its default, visit() says.
  std::string user_field, item_field, rating_field, time_field;
  std::string field_separator;
  std::vector<std::string> benchmark_filename;
  std::optional<Repeated> rm_dup_inter;
  std::string val_interval;
  std::string user_inter_num_interval, item_inter_num_interval;
  std::optional<double> threshold;
  std::optional<int> min_users_per_item, min_items_per_user;
  std::optional<SplitKind> split;
  std::optional<std::int64_t> heldout_users;
  std::vector<double> ratios;
  std::optional<Order> order;
  std::optional<GroupBy> group_by;
  std::string valid_from, test_from;
  std::optional<TimeUsers> time_users;
  std::optional<std::uint64_t> split_seed;  ///< below 2^32
  std::optional<double> validation_ratio;   ///< in [0, 1)
  std::optional<TestHistory> test_history;  ///< see visit()
  ///@}

  /// What every random choice of a split follows from.
  std::uint32_t seed() const { return static_cast<std::uint32_t>(split_seed.value_or(98765)); }

  /// Calls f(Option, member of each of `o`...) for each but `text`, `stop` and `progress`, in the order of --help.
  template <class F, class... O>
  static void visit(F&& f, O&... o) {
    using enum OptionUse;
    using enum SplitKind;
    f(Option{"data", source, "file or directory of interactions; - for a table on stdin; demo for Debian's packages"},
      o.path...);
    f(Option{"data_format", source,
             "csv, tsv or table, inter, u.data, ratings.dat, adjacency, prepared or dumpavail (default: by name)"},
      o.format...);
    f(Option{"user_field", source, "name of the user column (default: userId, user_id, user and the like)"},
      o.user_field...);
    f(Option{"item_field", source, "name of the item column (default: movieId, item_id, item and the like)"},
      o.item_field...);
    f(Option{"rating_field", source, "name of the rating column (default: rating, score, stars and the like)"},
      o.rating_field...);
    f(Option{"time_field", source, "name of the time column (default: timestamp, time, date and the like)"},
      o.time_field...);
    f(Option{"field_separator", source,
             "between the columns of tables and .inter files; \\t is a tab (default: as the header shows; tab)"},
      o.field_separator...);
    f(Option{"benchmark_filename", source,
             "three names: a directory's files X.NAME.inter are for training, validation and test (default: train, "
             "valid, test)"},
      o.benchmark_filename...);
    f(Option{"rm_dup_inter", filter,
             "of rows that repeat a pair keep the first or the last, by time where the data have it, and the rows in "
             "that order; none: all stay, as rows, until they are split (default: as the split has it)"},
      o.rm_dup_inter...);
    f(Option{"val_interval", filter,
             "keep rows by columns: {'rating': '[4,inf)', 'FIELD': ['TOKEN', 'TOKEN']} (default: none)"},
      o.val_interval...);
    f(Option{"user_inter_num_interval", filter,
             "keep users with so many rows and, by item_inter_num_interval, items, until all have: [5,inf)"},
      o.user_inter_num_interval...);
    f(Option{"item_inter_num_interval", filter, "keep items with so many rows, likewise"},
      o.item_inter_num_interval...);
    f(Option{"threshold", filter, "keep ratings above this (default: none)"}, o.threshold...);
    f(Option{"min_users_per_item", filter, "drop items with fewer rows (default: 0)"}, o.min_users_per_item...);
    f(Option{"min_items_per_user", filter, "then drop users with fewer rows (default: 5 for a strong split, else 0)"},
      o.min_items_per_user...);
    f(Option{"split", split,
             "strong: users are held out; ratio: a part of each user's rows is; loo: each user's last two rows are; "
             "time: rows from a moment on are (default: as the files give it, else strong)"},
      o.split...);
    f(Option{"heldout_users",
             split,
             "strong: users held out for validation, and as many for test (default: a tenth, at most 10000)",
             {strong}},
      o.heldout_users...);
    f(Option{"ratios", split, "ratio: parts for training, validation and test (default: 0.8,0.1,0.1)", {ratio}},
      o.ratios...);
    f(Option{"order",
             split,
             "ratio, loo: RO: rows at random; TO: by time, so that held-out rows are the latest (default: RO)",
             {ratio, loo}},
      o.order...);
    f(Option{"group_by", split, "ratio: user: of each user's rows; none: of all rows (default: user)", {ratio, loo}},
      o.group_by...);
    f(Option{"valid_from",
             split,
             "time: first moment of validation: a number of the time column's unit, or an ISO 8601 date or time",
             {time}},
      o.valid_from...);
    f(Option{"test_from", split, "time: first moment of test, likewise", {time}}, o.test_from...);
    f(Option{"time_users",
             split,
             "time: all: everybody's rows are split; new: users first seen from then on are held out (default: all)",
             {time}},
      o.time_users...);
    f(Option{"split_seed", seed,
             "seed of a random split, and of the validation part of files that give train and test only (default: "
             "98765)"},
      o.split_seed...);
    f(Option{"validation_ratio", validation,
             "part of each user's training items, where files give train and test only (default: 0.1)"},
      o.validation_ratio...);
    f(Option{"test_history", history,
             "what the test shows of users that are trained on, too: all: training and validation items; train: "
             "training items alone, as RecBole does (default: all)"},
      o.test_history...);
  }
};

/// Is the option given?
template <class T>
bool is_given(const T& member) {
  if constexpr (requires { member.has_value(); })
    return member.has_value();
  else
    return !member.empty();
}

/// Does raw data become a strong split?
RECVAE_API bool splits_strongly(const DataOptions& options);

/// Throws UsageError for an option that is wrong whatever the data. Options of another split than the one given are,
/// too; not `split_known`, and none given, it may still turn out to be any.
RECVAE_API void check_options(const DataOptions& options, bool split_known = true);

}  // namespace recvae::data
