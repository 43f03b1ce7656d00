#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace recvae::data {

/// What to read and how to filter and split it. The names and defaults are those of the commands' options.
struct DataOptions {
  std::string path;                 ///< file or directory; "-" and "demo" name a text that is given below
  std::optional<std::string> text;  ///< the content, where `path` is "-" (a file) or "demo" (`apt-cache dumpavail`)
  std::string format;               ///< csv, tsv, table, inter, u.data, ratings.dat, adjacency, prepared or
                                    ///< dumpavail; "": by name

  std::string user_field = "userId";
  std::string item_field = "movieId";
  std::string rating_field = "rating";
  std::string time_field = "timestamp";

  std::optional<double> threshold;        ///< keep rating > threshold
  std::optional<int> min_users_per_item;  ///< default 0
  std::optional<int> min_items_per_user;  ///< default 5 for a strong split, else 0

  std::string split;                          ///< strong; "": as given by the files, else strong
  std::optional<std::int64_t> heldout_users;  ///< for validation, and as many for test; default: a tenth, 1 to 10,000
  std::optional<std::uint64_t> split_seed;    ///< below 2^32; default 98765
  std::optional<double> validation_ratio;     ///< of each user's training items, where files give train and test only;
                                              ///< in [0, 1); default 0.1
  std::uint64_t seed = 1337;                  ///< draws that validation part
};

/// Throws UsageError for an option that is wrong whatever the data.
void check_options(const DataOptions& options);

}  // namespace recvae::data
