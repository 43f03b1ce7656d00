#include "raw.h"

#include "error.h"
#include "filters.h"

namespace recvae::data {

void refuse_options(const Input& input, const DataOptions& options) {
  if (options.validation_ratio && (input.kind != Input::Kind::parts || !input.valid.empty())) {
    throw UsageError("--validation_ratio: " + options.path + " is not given as files for train and test only");
  }
  if (input.kind == Input::Kind::raw) return;
  const auto refuse = [&](bool given, const char* option) {
    if (given) throw UsageError(std::string("--") + option + ": " + options.path + " is already split");
  };
  refuse(options.threshold.has_value(), "threshold");
  refuse(options.min_users_per_item.has_value(), "min_users_per_item");
  refuse(options.min_items_per_user.has_value(), "min_items_per_user");
  refuse(!options.split.empty(), "split");
  refuse(!options.ratios.empty(), "ratios");
  refuse(!options.order.empty(), "order");
  refuse(!options.group_by.empty(), "group_by");
  refuse(!options.valid_from.empty(), "valid_from");
  refuse(!options.test_from.empty(), "test_from");
  refuse(!options.time_users.empty(), "time_users");
  refuse(options.heldout_users.has_value(), "heldout_users");
  refuse(options.split_seed.has_value(), "split_seed");
}

Interactions read_raw(const Input& input, const DataOptions& options, Times times) {
  InteractionBuilder builder;
  TextSource text = options.text ? options.text() : TextSource::from_file(input.file);
  read_text(input.format, text, options, builder, times);
  if (builder.rows() == 0) throw DataError(text.name() + ": expected interactions, found none");
  Interactions rows = builder.take();
  if (times == Times::needed && rows.times.empty()) {  // a format without columns
    throw DataError(text.name() + ": expected a time column, which " +
                    (options.split == "time" ? "--split time" : "--order TO") + " needs, found none");
  }
  return rows;
}

void filter(Interactions& rows, const Input& input, const DataOptions& options, bool strong) {
  if (options.threshold) {
    if (rows.ratings.empty()) throw DataError(options.path + ": expected ratings, which --threshold needs, found none");
    keep_ratings_above(rows, *options.threshold);
  }
  const bool demo = input.format == "dumpavail";
  const int item_rows = options.min_users_per_item.value_or(demo ? 3 : 0);
  const int user_rows = options.min_items_per_user.value_or(demo || strong ? 5 : 0);
  if (item_rows > 0) keep_items_with(rows, item_rows);
  if (user_rows > 0) keep_users_with(rows, user_rows);
  if (rows.rows() == 0) throw DataError(options.path + ": expected interactions, found none left after the filters");
}

}  // namespace recvae::data
