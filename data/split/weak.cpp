#include "weak.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <span>
#include <utility>

#include "../random/numpy.h"

namespace recvae::data {
namespace {

/// Moves a random part of each row of `train` to the result.
Csr draw_validation(Csr& train, double ratio, std::uint32_t seed) {
  NumpyRandom random(seed);
  Csr kept{train.cols}, drawn{train.cols};
  for (std::int64_t u = 0; u < train.rows(); ++u) {
    const auto row = train.row(u);
    const auto n = static_cast<std::int64_t>(row.size());
    std::vector<bool> is_drawn(row.size());
    if (const auto count = static_cast<std::int64_t>(ratio * static_cast<double>(n)); count > 0) {
      for (const auto k : random.choice(n, count)) is_drawn[as_size(k)] = true;
    }
    for (std::size_t k = 0; k < row.size(); ++k) (is_drawn[k] ? drawn : kept).items.own().push_back(row[k]);
    kept.append({});
    drawn.append({});
  }
  train = std::move(kept);
  return drawn;
}

Csr join(const Csr& a, const Csr& b) {
  Csr out{a.cols};
  for (std::int64_t u = 0; u < a.rows(); ++u) {
    std::set_union(a.row(u).begin(), a.row(u).end(), b.row(u).begin(), b.row(u).end(), std::back_inserter(out.items.own()));
    out.append({});
  }
  return out;
}

/// New indices and tokens in order of first use. Takes the old tokens.
class Renumbering {
 public:
  explicit Renumbering(std::vector<std::string>& tokens) : old_(tokens), index_(tokens.size(), -1) {}
  std::int32_t operator()(std::int32_t old) {
    std::int32_t& index = index_[as_size(old)];
    if (index < 0) {
      index = size();
      tokens_.push_back(std::move(old_[as_size(old)]));
    }
    return index;
  }
  std::int32_t size() const { return static_cast<std::int32_t>(tokens_.size()); }
  std::vector<std::string> take() && { return std::move(tokens_); }

 private:
  std::vector<std::string>& old_;
  std::vector<std::int32_t> index_;
  std::vector<std::string> tokens_;
};

}  // namespace

WeakSplit make_weak_split(Interactions rows, const std::vector<Part>& parts) {
  const auto place = [](Part part) { return static_cast<std::size_t>(part); };
  std::array<std::size_t, 4> begin{};  // of each part, and the end
  for (const Part part : parts) ++begin[place(part) + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  rows.for_columns([&](auto& column) {
    auto next = begin;
    auto sorted = column;
    for (std::size_t k = 0; k < parts.size(); ++k) sorted[next[place(parts[k])]++] = column[k];
    column = std::move(sorted);
  });

  WeakSplit split;
  split.train_end = static_cast<std::int64_t>(begin[place(Part::validation)]);
  split.valid_end = static_cast<std::int64_t>(begin[place(Part::test)]);
  Renumbering users(rows.user_tokens), items(rows.item_tokens);
  const auto renumber = [&](std::int64_t from, std::int64_t to) {
    for (std::size_t k = as_size(from); k < as_size(to); ++k) {
      rows.users[k] = users(rows.users[k]);
      rows.items[k] = items(rows.items[k]);
    }
  };
  renumber(0, split.train_end);
  split.train_users = users.size();
  renumber(split.train_end, rows.rows());
  rows.user_tokens = std::move(users).take();
  rows.item_tokens = std::move(items).take();
  split.rows = std::move(rows);
  return split;
}

Dataset make_dataset(WeakSplit split, const DataOptions& options) {
  Interactions& rows = split.rows;
  const auto users = static_cast<std::int64_t>(rows.user_tokens.size());
  const auto items = static_cast<std::int32_t>(rows.item_tokens.size());
  const auto part = [&](std::int64_t from, std::int64_t to) {
    const auto cut = [&](const std::vector<std::int32_t>& all) {
      return std::span(all).subspan(as_size(from), as_size(to - from));
    };
    return make_csr(users, items, cut(rows.users), cut(rows.items));
  };
  Csr train = part(0, split.train_end);
  Csr validation = part(split.train_end, split.valid_end);
  const Csr test = part(split.valid_end, rows.rows());

  if (!split.has_validation)
    validation = draw_validation(train, options.validation_ratio.value_or(0.1), options.seed());

  Dataset out;
  out.strong = false;
  out.validation = users_with_targets(train, validation, rows.user_tokens);
  if (options.test_history == TestHistory::train) {
    out.test = users_with_targets(train, test, rows.user_tokens);
    out.test.masked = users_with_targets(validation, test, rows.user_tokens).history;
  } else {
    out.train_and_validation = join(train, validation);
    out.test = users_with_targets(out.train_and_validation, test, rows.user_tokens);
  }
  train.indptr.resize(as_size(split.train_users) + 1);  // the others have no training rows
  out.train = std::move(train);
  return with_tokens(std::move(out), std::move(rows.item_tokens), std::move(rows.user_tokens),
                     {rows.rows_read, rows.dropped, rows.rows()});
}

}  // namespace recvae::data
