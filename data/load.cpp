#include "load.h"

#include <algorithm>
#include <utility>

#include "error.h"
#include "filter/filters.h"
#include "random/torch.h"
#include "read/raw.h"
#include "read/readers.h"
#include "split/ratio.h"
#include "split/time.h"

namespace recvae::data {
namespace {

StrongSplit split_authors_way(const Interactions& rows, const Input& input, const DataOptions& options) {
  const auto counts = count_rows(rows.users, rows.user_tokens.size());
  const auto users = static_cast<std::int64_t>(counts.size()) - std::count(counts.begin(), counts.end(), 0);
  const std::int64_t by_default =
      input.format == Format::dumpavail ? 1000 : std::clamp<std::int64_t>(users / 10, 1, 10000);
  const std::int64_t heldout = options.heldout_users.value_or(by_default);
  if (heldout > (users - 1) / 2) {
    throw DataError(options.path + ": expected more users than 2 x " + std::to_string(heldout) + " held out, found " +
                    std::to_string(users));
  }
  return split_strong(rows, heldout, options.seed());
}

std::vector<Part> parts_by_count(const Interactions& rows, const DataOptions& options) {
  const auto order = options.order == Order::time ? time_order(rows) : torch_permutation(rows.rows(), options.seed());
  if (options.split == SplitKind::loo) return leave_one_out(rows, order);
  Ratios ratios{0.8, 0.1, 0.1};
  if (!options.ratios.empty()) std::copy_n(options.ratios.begin(), ratios.size(), ratios.begin());
  return split_by_ratio(rows, order, ratios, options.group_by != GroupBy::none);
}

Split split_raw(const Input& input, const DataOptions& options, bool keep_columns) {
  const bool strong = splits_strongly(options),
             timed = options.split == SplitKind::time || options.order == Order::time;
  const bool columns = keep_columns && !strong;
  const Times optional_times = columns ? Times::wanted : Times::ignored;
  Interactions rows = read_raw(input, options, columns, timed ? Times::needed : optional_times);
  std::optional<Boundaries> at;
  if (options.split == SplitKind::time) at = boundaries(options.valid_from, options.test_from, rows);
  filter(rows, input, options, strong, at ? &*at : nullptr);
  // Nothing later looks at what is freed here, and it is most of the memory.
  if (!columns) rows.ratings = {};
  if (!columns && !timed) rows.times = {};
  if (strong && !timed) return split_authors_way(rows, input, options);

  if (options.rm_dup_inter != Repeated::stay) drop_repeated(rows, timed);
  const auto require_training = [&](std::int64_t train_rows) {
    if (train_rows > 0) return;
    throw DataError(options.path + ": expected rows to train on, found none" +
                    (options.split == SplitKind::time ? " before " + options.valid_from : ""));
  };
  if (strong) {
    StrongSplit split = split_by_first_time(std::move(rows), *at);
    require_training(split.train.size());
    return split;
  }
  const std::vector<Part> parts = at ? split_by_time(rows, *at) : parts_by_count(rows, options);
  if (!columns) rows.times = {};
  WeakSplit split = make_weak_split(std::move(rows), parts);
  require_training(split.train_end);
  return split;
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
  if (input.kind == Input::Kind::prepared) return make_dataset(read_prepared(options));
  return make_dataset(split_raw(input, options, false), options);
}

}  // namespace recvae::data
