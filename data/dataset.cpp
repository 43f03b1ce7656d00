#include "dataset.h"

#include <algorithm>
#include <utility>

#include "filter/filters.h"

namespace recvae::data {

HeldOut users_with_targets(const Csr& history, const Csr& targets, const std::vector<std::string>& tokens,
                           bool any_row) {
  HeldOut out{{}, {history.cols}, {history.cols}};
  for (std::int64_t u = 0; u < targets.rows(); ++u) {
    if (targets.row(u).empty() && !(any_row && !history.row(u).empty())) continue;
    out.user_tokens.push_back(tokens[as_size(u)]);
    out.history.append(history.row(u));
    out.targets.append(targets.row(u));
  }
  return out;
}

std::string describe(const Summary& s) {
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  return number(s.rows_read) + " rows read, " + number(s.rows) + " kept (" + number(s.duplicates) + " repeated), " +
         number(s.users) + " users x " + number(s.items) + " items; " + number(s.train.users) + " users to train, " +
         number(s.validation.users) + " to validate, " + number(s.test.users) + " to test";
}

UserItems training_and_validation(const Dataset& dataset) {
  Vocabulary users(dataset.user_tokens);
  std::vector<std::int32_t> rows, items;
  const auto add = [&](std::int32_t row, std::span<const std::int32_t> of_row) {
    rows.insert(rows.end(), of_row.size(), row);
    items.insert(items.end(), of_row.begin(), of_row.end());
  };
  for (std::int32_t u = 0; u < users.size(); ++u) add(u, dataset.train.row(u));
  const HeldOut& validation = dataset.validation;
  for (std::int64_t u = 0; u < validation.targets.rows(); ++u) {
    const std::int32_t row = users.add(validation.user_tokens[as_size(u)]);
    for (const Csr* part : {&validation.history, &validation.targets}) add(row, part->row(u));
  }
  Csr all = make_csr(users.size(), dataset.train.cols, rows, items);
  return {std::move(all), std::move(users).take()};
}

namespace {

/// Counts held-out users; under a strong split their histories are rows of their own.
void summarise(const HeldOut& part, const std::vector<std::int64_t>& trained, bool strong, PartSummary& out) {
  out.users = static_cast<std::int64_t>(part.user_tokens.size());
  out.targets = part.targets.nnz();
  out.rows = out.targets + (strong ? part.history.nnz() : 0);
  for (std::int64_t u = 0; u < out.users; ++u) {
    const auto history = part.history.row(u);
    out.empty_histories += history.empty();
    for (const std::int32_t item : part.targets.row(u)) {
      const auto has = [&](std::span<const std::int32_t> row) {
        return std::binary_search(row.begin(), row.end(), item);
      };
      out.unknown_targets += trained[as_size(item)] == 0;
      out.masked_targets += has(history) || (part.masked.rows() > 0 && has(part.masked.row(u)));
    }
  }
}

}  // namespace

Dataset with_tokens(Dataset dataset, std::vector<std::string> item_tokens, std::vector<std::string> user_tokens,
                    const SplitRows& rows) {
  Summary& s = dataset.summary;
  s.rows_read = rows.read;
  s.dropped = rows.dropped;
  s.users = static_cast<std::int64_t>(user_tokens.size());
  s.items = static_cast<std::int64_t>(item_tokens.size());
  s.train.users = dataset.train.rows();
  s.train.rows = dataset.train.nnz();
  const auto trained = count_rows(dataset.train.items, item_tokens.size());
  summarise(dataset.validation, trained, dataset.strong, s.validation);
  summarise(dataset.test, trained, dataset.strong, s.test);
  const std::int64_t entries = s.train.rows + s.validation.rows + s.test.rows;
  s.dropped.repeated += rows.in_parts - entries;
  s.duplicates = s.dropped.repeated;
  s.rows = entries + s.duplicates;
  user_tokens.resize(as_size(dataset.train.rows()));
  dataset.item_tokens = std::move(item_tokens);
  dataset.user_tokens = std::move(user_tokens);
  return dataset;
}

}  // namespace recvae::data
