#include "dataset.h"

#include <string_view>
#include <unordered_map>
#include <utility>

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
         number(s.users) + " users x " + number(s.items) + " items; " + number(s.train_users) + " users to train, " +
         number(s.validation_users) + " + " + number(s.test_users) + " held out";
}

Csr training_and_validation(const Dataset& dataset) {
  std::unordered_map<std::string_view, std::int32_t> row_of;  // of the users that are in both parts
  auto row_count = static_cast<std::int32_t>(dataset.train.rows());
  for (std::int32_t u = 0; u < row_count && !dataset.strong; ++u) row_of.emplace(dataset.user_tokens[as_size(u)], u);
  std::vector<std::int32_t> rows, items;
  const auto add = [&](std::int32_t row, std::span<const std::int32_t> of_row) {
    rows.insert(rows.end(), of_row.size(), row);
    items.insert(items.end(), of_row.begin(), of_row.end());
  };
  for (std::int32_t u = 0; u < row_count; ++u) add(u, dataset.train.row(u));
  const HeldOut& validation = dataset.validation;
  for (std::int64_t u = 0; u < validation.targets.rows(); ++u) {
    const auto [at, is_new] = row_of.emplace(validation.user_tokens[as_size(u)], row_count);
    row_count += is_new;
    for (const Csr* part : {&validation.history, &validation.targets}) add(at->second, part->row(u));
  }
  return make_csr(row_count, dataset.train.cols, rows, items);
}

Dataset with_tokens(Dataset dataset, std::vector<std::string> item_tokens, std::vector<std::string> user_tokens,
                    std::int64_t rows_read, std::int64_t rows) {
  const HeldOut &validation = dataset.validation, &test = dataset.test;
  std::int64_t entries = dataset.train.nnz() + validation.targets.nnz() + test.targets.nnz();
  if (dataset.strong) entries += validation.history.nnz() + test.history.nnz();
  dataset.summary = {rows_read,
                     rows,
                     rows - entries,
                     static_cast<std::int64_t>(user_tokens.size()),
                     static_cast<std::int64_t>(item_tokens.size()),
                     dataset.train.rows(),
                     static_cast<std::int64_t>(validation.user_tokens.size()),
                     static_cast<std::int64_t>(test.user_tokens.size())};
  user_tokens.resize(as_size(dataset.train.rows()));
  dataset.item_tokens = std::move(item_tokens);
  dataset.user_tokens = std::move(user_tokens);
  return dataset;
}

}  // namespace recvae::data
