#include "command_line.h"

namespace recvae::tools {
void add_data_options(CommandLine& line, data::DataOptions& options, DataUse use) {
  line.group("Data");
  line.add("data", &options.path,
           "file or directory of interactions; - for a table on stdin; demo for Debian's packages");
  line.add("data_format", &options.format,
           "csv, tsv or table, inter, u.data, ratings.dat, adjacency, prepared or dumpavail (default: by name)");
  line.add("user_field", &options.user_field, "name of the user column (default: userId, user_id, user and the like)");
  line.add("item_field", &options.item_field, "name of the item column (default: movieId, item_id, item and the like)");
  line.add("rating_field", &options.rating_field,
           "name of the rating column (default: rating, score, stars and the like)");
  line.add("time_field", &options.time_field, "name of the time column (default: timestamp, time, date and the like)");
  line.group("Filters");
  line.add("threshold", &options.threshold, "keep ratings above this (default: none)");
  line.add("min_users_per_item", &options.min_users_per_item, "drop items with fewer rows (default: 0)");
  line.add("min_items_per_user", &options.min_items_per_user,
           use == DataUse::histories ? "then drop users with fewer rows (default: 0)"
                                     : "then drop users with fewer rows (default: 5 for a strong split, else 0)");
  if (use == DataUse::histories) return line.group("Options");
  line.group("Split");
  line.add("split", &options.split,
           "strong: users are held out; ratio: a part of each user's rows is; loo: each user's last two rows are; "
           "time: rows from a moment on are (default: as the files give it, else strong)");
  line.add("heldout_users", &options.heldout_users,
           "strong: users held out for validation, and as many for test (default: a tenth, at most 10000)");
  line.add("ratios", &options.ratios, "ratio: parts for training, validation and test (default: 0.8,0.1,0.1)",
           [](const std::vector<double>& ratios) {
             return ratios.size() == 3 ? std::string()
                                       : "expected three numbers, found " + std::to_string(ratios.size());
           });
  line.add("order", &options.order,
           "ratio, loo: RO: rows at random; TO: by time, so that held-out rows are the latest (default: RO)");
  line.add("group_by", &options.group_by, "ratio: user: of each user's rows; none: of all rows (default: user)");
  line.add("valid_from", &options.valid_from,
           "time: first moment of validation: a number of the time column's unit, or an ISO 8601 date or time");
  line.add("test_from", &options.test_from, "time: first moment of test, likewise");
  line.add("time_users", &options.time_users,
           "time: all: everybody's rows are split; new: users first seen from then on are held out (default: all)");
  line.add("split_seed", &options.split_seed,
           "seed of the split (default: strong: 98765; of the random order of ratio and loo: --seed)");
  if (use == DataUse::training) {
    line.add("validation_ratio", &options.validation_ratio,
             "part of each user's training items, where files give train and test only (default: 0.1)");
    line.add("test_history", &options.test_history,
             "what the test shows of users that are trained on, too: all: training and validation items; train: "
             "training items alone, as RecBole does (default: all)");
  }
  line.group("Options");
}

}  // namespace recvae::tools
