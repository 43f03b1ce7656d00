#include "load.h"

#include <algorithm>
#include <utility>

#include "error.h"
#include "filters.h"
#include "read/input.h"
#include "split/ratio.h"
#include "read/readers.h"
#include "split/time.h"
#include "random/torch.h"

namespace recvae::data {
namespace {

/// Throws UsageError for filter and split options that have no meaning for such data.
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

Interactions read_raw(const Input& input, const DataOptions& options, Times times = Times::ignored) {
  InteractionBuilder builder;
  const std::string name = options.path == "demo" ? "apt-cache dumpavail" : options.path;
  TextSource text = options.text ? TextSource::from_text(*options.text, name) : TextSource::from_file(input.file);
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

StrongSplit split_authors_way(const Interactions& rows, const Input& input, const DataOptions& options) {
  const auto counts = count_rows(rows.users, rows.user_tokens.size());
  const auto users = static_cast<std::int64_t>(counts.size()) - std::count(counts.begin(), counts.end(), 0);
  const std::int64_t by_default = input.format == "dumpavail" ? 1000 : std::clamp<std::int64_t>(users / 10, 1, 10000);
  const std::int64_t heldout = options.heldout_users.value_or(by_default);
  if (heldout > (users - 1) / 2) {
    throw DataError(options.path + ": expected more users than 2 x " + std::to_string(heldout) + " held out, found " +
                    std::to_string(users));
  }
  return split_strong(rows, heldout, static_cast<std::uint32_t>(options.split_seed.value_or(98765)));
}

std::vector<Part> weak_parts(const Interactions& rows, const DataOptions& options) {
  if (options.split == "time") {
    return split_by_time(rows, boundaries(options.valid_from, options.test_from, rows.times));
  }
  const auto seed = static_cast<std::uint32_t>(options.split_seed.value_or(options.seed & 0xffffffffu));
  const auto order = options.order == "TO" ? time_order(rows) : torch_permutation(rows.rows(), seed);
  if (options.split == "loo") return leave_one_out(rows, order);
  Ratios ratios{0.8, 0.1, 0.1};
  if (!options.ratios.empty()) std::copy_n(options.ratios.begin(), ratios.size(), ratios.begin());
  return split_by_ratio(rows, order, ratios, !groups_by_none(options));
}

Split split_raw(const Input& input, const DataOptions& options, bool keep_columns) {
  const bool strong = splits_strongly(options), timed = options.split == "time" || options.order == "TO";
  const bool columns = keep_columns && !strong;
  const Times optional_times = columns ? Times::wanted : Times::ignored;
  Interactions rows = read_raw(input, options, timed ? Times::needed : optional_times);
  filter(rows, input, options, strong);
  // Nothing later looks at what is freed here, and it is most of the memory.
  if (!columns) rows.ratings = {};
  if (strong && !timed) return split_authors_way(rows, input, options);

  drop_repeated(rows, timed);
  const auto require_training = [&](std::int64_t train_rows) {
    if (train_rows > 0) return;
    throw DataError(options.path + ": expected rows to train on, found none" +
                    (options.split == "time" ? " before " + options.valid_from : ""));
  };
  if (strong) {
    const Boundaries at = boundaries(options.valid_from, options.test_from, rows.times);
    StrongSplit split = split_by_first_time(std::move(rows), at);
    require_training(split.train.size());
    return split;
  }
  const std::vector<Part> parts = weak_parts(rows, options);
  if (!columns) rows.times = {};
  WeakSplit split = make_weak_split(std::move(rows), parts);
  require_training(split.train_end);
  return split;
}

/// The rows of a prepared directory, file after file.
Interactions all_rows(StrongSplit split) {
  Interactions rows;
  for (auto* part : {&split.train, &split.validation_tr, &split.validation_te, &split.test_tr, &split.test_te}) {
    rows.users.insert(rows.users.end(), part->uid.begin(), part->uid.end());
    rows.items.insert(rows.items.end(), part->sid.begin(), part->sid.end());
    *part = {};
  }
  rows.user_tokens = std::move(split.user_tokens);
  rows.item_tokens = std::move(split.item_tokens);
  return rows;
}

}  // namespace

Split load_split(const DataOptions& options, bool keep_columns) {
  check_options(options);
  const Input input = find_input(options);
  refuse_options(input, options);
  if (input.kind != Input::Kind::raw) throw DataError(options.path + ": expected raw data, found data already split");
  return split_raw(input, options, keep_columns);
}

Dataset make_dataset(Split split, const DataOptions& options) {
  if (auto* weak = std::get_if<WeakSplit>(&split)) return make_dataset(std::move(*weak), options);
  return make_dataset(std::get<StrongSplit>(std::move(split)));
}

Dataset load(const DataOptions& options) {
  check_options(options);
  const Input input = find_input(options);
  refuse_options(input, options);
  if (input.kind == Input::Kind::parts) return make_dataset(read_parts(input, options), options);
  if (input.kind == Input::Kind::prepared) return make_dataset(read_prepared(options.path));
  return make_dataset(split_raw(input, options, false), options);
}

Histories read_histories(const DataOptions& options, const std::vector<std::string>& model_items) {
  check_options(options);
  const Input input = find_input(options);
  refuse_options(input, options);
  Interactions rows;
  if (input.kind == Input::Kind::raw) {
    rows = read_raw(input, options);
    const auto users_read = rows.rows();
    filter(rows, input, options, false);
    rows.ratings = {};
    if (rows.rows() < users_read) {  // users that have lost all their rows are none any more
      const auto counts = count_rows(rows.users, rows.user_tokens.size());
      std::vector<std::int32_t> place(counts.size());
      std::vector<std::string> tokens;
      for (std::size_t u = 0; u < counts.size(); ++u) {
        place[u] = static_cast<std::int32_t>(tokens.size());
        if (counts[u] > 0) tokens.push_back(std::move(rows.user_tokens[u]));
      }
      for (std::int32_t& user : rows.users) user = place[as_size(user)];
      rows.user_tokens = std::move(tokens);
    }
  } else {
    rows = input.kind == Input::Kind::parts ? read_parts(input, options).rows : all_rows(read_prepared(options.path));
  }

  const Vocabulary model(model_items);
  std::vector<std::int32_t> model_index(rows.item_tokens.size());
  for (std::size_t k = 0; k < model_index.size(); ++k) model_index[k] = model.find(rows.item_tokens[k]);
  Histories out;
  const auto item_rows = count_rows(rows.items, rows.item_tokens.size());
  for (std::size_t k = 0; k < model_index.size(); ++k) {
    if (model_index[k] >= 0 || item_rows[k] == 0) continue;
    out.unknown_items.push_back(rows.item_tokens[k]);
    out.unknown_rows += item_rows[k];
  }
  for (std::int32_t& item : rows.items) item = model_index[as_size(item)];
  keep_rows(rows, [&](std::size_t k) { return rows.items[k] >= 0; });
  out.history = make_csr(static_cast<std::int64_t>(rows.user_tokens.size()),
                         static_cast<std::int32_t>(model_items.size()), rows.users, rows.items);
  out.user_tokens = std::move(rows.user_tokens);
  return out;
}

}  // namespace recvae::data
