#include "histories.h"

#include <utility>

#include "filter/filters.h"
#include "read/raw.h"

namespace recvae::data {
namespace {

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

Histories read_histories(const DataOptions& options, const std::vector<std::string>& model_items) {
  check_options(options);
  const Input input = find_input(options);
  refuse_options(input, options);
  Interactions rows = input.kind == Input::Kind::raw     ? read_raw(input, options)
                      : input.kind == Input::Kind::parts ? read_parts(input, options).rows
                                                         : all_rows(read_prepared(options));
  const Vocabulary model(model_items);
  std::vector<std::int32_t> model_index(rows.item_tokens.size());
  for (std::size_t k = 0; k < model_index.size(); ++k) model_index[k] = model.find(rows.item_tokens[k]);
  const auto matrix = [&] {
    std::vector<std::int32_t> users, items;
    for (std::size_t k = 0; k < rows.users.size(); ++k) {
      const std::int32_t item = model_index[as_size(rows.items[k])];
      if (item < 0) continue;
      users.push_back(rows.users[k]);
      items.push_back(item);
    }
    return make_csr(static_cast<std::int64_t>(rows.user_tokens.size()), static_cast<std::int32_t>(model_items.size()),
                    users, items);
  };
  Histories out;
  out.seen = matrix();
  if (input.kind == Input::Kind::raw) filter(rows, input, options, false);
  out.history = matrix();
  const auto item_rows = count_rows(rows.items, rows.item_tokens.size());
  for (std::size_t k = 0; k < model_index.size(); ++k) {
    if (model_index[k] >= 0 || item_rows[k] == 0) continue;
    out.unknown_items.push_back(rows.item_tokens[k]);
    out.unknown_rows += item_rows[k];
  }
  out.user_tokens = std::move(rows.user_tokens);
  return out;
}

}  // namespace recvae::data
