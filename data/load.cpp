#include "load.h"

#include <algorithm>
#include <utility>

#include "error.h"
#include "filters.h"
#include "random/torch.h"
#include "raw.h"
#include "read/readers.h"
#include "split/ratio.h"
#include "split/time.h"

namespace recvae::data {
namespace {

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

}  // namespace recvae::data
