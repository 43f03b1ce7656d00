#include "raw.h"

#include "../error.h"
#include "../filter/filters.h"

namespace recvae::data {

bool has_meaning(OptionUse use, const Input& input) {
  const bool draws_validation = input.kind == Input::Kind::parts && input.valid.empty();
  switch (use) {
    case OptionUse::source:
      return true;
    case OptionUse::validation:
      return draws_validation;
    case OptionUse::seed:
      return input.kind == Input::Kind::raw || draws_validation;
    case OptionUse::history:
      return input.kind != Input::Kind::prepared;
    default:
      return input.kind == Input::Kind::raw;
  }
}

void refuse_options(const Input& input, const DataOptions& options) {
  DataOptions::visit(
      [&](const Option& option, const auto& member) {
        if (!is_given(member) || has_meaning(option.use, input) || option.use == OptionUse::history) return;
        throw UsageError(std::string("--") + option.name + ": " + options.path +
                         (option.use == OptionUse::validation ? " is not given as files for train and test only"
                                                              : " is already split"));
      },
      options);
}

Interactions read_raw(const Input& input, const DataOptions& options, bool ratings, Times times) {
  const bool by_time = options.rm_dup_inter.value_or(Repeated::stay) != Repeated::stay;
  if (by_time && times == Times::ignored) times = Times::wanted;
  InteractionBuilder builder;
  if (!ratings && !options.threshold) builder.forget_ratings();
  TextSource text = options.text ? options.text() : open_file(input.file, options);
  read_text(input.format, text, options, builder, times);
  if (builder.rows() == 0) throw DataError(text.name() + ": expected interactions, found none");
  Interactions rows = builder.take();
  if (!options.val_interval.empty() && rows.kept.empty())
    throw DataError(text.name() + ": expected columns, which --val_interval needs, found none");
  if (times == Times::needed && rows.times.empty()) {  // a format without columns
    throw DataError(text.name() + ": expected a time column, which " +
                    (options.split == SplitKind::time ? "--split time" : "--order TO") + " needs, found none");
  }
  return rows;
}

void filter(Interactions& rows, const Input& input, const DataOptions& options, bool strong, const Boundaries* at) {
  const auto parts = [&] { return at ? split_by_time(rows, *at) : std::vector<Part>{}; };
  if (options.rm_dup_inter.value_or(Repeated::stay) != Repeated::stay)
    remove_repeated(rows, options.rm_dup_inter == Repeated::last, at);
  if (!options.val_interval.empty()) keep_what_is_kept(rows);
  if (options.threshold) {
    if (rows.ratings.empty()) throw DataError(options.path + ": expected ratings, which --threshold needs, found none");
    keep_ratings_above(rows, *options.threshold);
  }
  std::optional<Intervals> of_user, of_item;
  if (!options.user_inter_num_interval.empty()) of_user = Intervals::parse(options.user_inter_num_interval);
  if (!options.item_inter_num_interval.empty()) of_item = Intervals::parse(options.item_inter_num_interval);
  if (of_user || of_item)
    keep_in_intervals(rows, of_user ? &*of_user : nullptr, of_item ? &*of_item : nullptr, parts(), strong);
  const bool demo = input.format == Format::dumpavail;
  const LeastRows least{options.min_users_per_item.value_or(demo ? 3 : 0),
                        options.min_items_per_user.value_or(demo || strong ? 5 : 0)};
  if (least.of_item > 0 || least.of_user > 0) {
    keep_frequent(rows, least, parts(), strong);
  }
  if (rows.rows() == 0) throw DataError(options.path + ": expected interactions, found none left after the filters");
}

}  // namespace recvae::data
