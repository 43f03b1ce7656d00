#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "read/text_source.h"

namespace recvae::data {

/// What to read and how to filter and split it. The names and defaults are those of the commands' options.
struct DataOptions {
  std::string path;                  ///< file or directory; "-" and "demo" name a text that is given below
  std::function<TextSource()> text;  ///< opens what `path` names where it is "-" (a file) or "demo" (the text of
                                     ///< `apt-cache dumpavail`); asked once per reading
  std::string format;                ///< csv, tsv, table, inter, u.data, ratings.dat, adjacency, prepared or
                                     ///< dumpavail; "": by name

  std::string user_field, item_field, rating_field, time_field;  ///< names of columns; "": one of the usual names

  std::optional<double> threshold;        ///< keep rating > threshold
  std::optional<int> min_users_per_item;  ///< default 0
  std::optional<int> min_items_per_user;  ///< default 5 for a strong split, else 0

  std::string split;                          ///< strong, ratio, loo or time; "": as given by the files, else strong
  std::vector<double> ratios;                 ///< of ratio: training, validation, test; default 0.8, 0.1, 0.1
  std::string order;                          ///< of ratio and loo: RO (random) or TO (by time); "": RO
  std::string group_by;                       ///< of ratio: user or none (None, null); "": user
  std::string valid_from, test_from;          ///< of time: numbers of the time column's unit, or ISO 8601
  std::string time_users;                     ///< of time: all (weak) or new (strong); "": all
  std::optional<std::int64_t> heldout_users;  ///< of strong: for validation, and as many for test; default: a tenth,
                                              ///< 1 to 10,000
  std::optional<std::uint64_t> split_seed;    ///< below 2^32; default 98765 for strong, else the low bits of `seed`
  std::optional<double> validation_ratio;     ///< of each user's training items, where files give train and test only;
                                              ///< in [0, 1); default 0.1
  std::string test_history;                   ///< of weak splits: what a model is shown of test users, all (training
                                              ///< and validation) or train; "": all
  std::uint64_t seed = 1337;                  ///< draws that validation part, and the order RO
};

/// Does raw data become a strong split?
bool splits_strongly(const DataOptions& options);

/// Are all rows of a ratio split one group?
bool groups_by_none(const DataOptions& options);

/// Throws UsageError for an option that is wrong whatever the data. Options of another split than the one given are,
/// too; not `split_known`, and none given, it may still turn out to be any.
void check_options(const DataOptions& options, bool split_known = true);

}  // namespace recvae::data
