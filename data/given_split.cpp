#include "given_split.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "error.h"
#include "numpy_random.h"
#include "readers.h"

namespace recvae::data {
namespace {

/// Moves a random part of each row of `train` to the result.
Csr draw_validation(Csr& train, double ratio, std::uint64_t seed) {
  NumpyRandom random(static_cast<std::uint32_t>((seed ^ seed >> 32) & 0xffffffffu));
  Csr kept{train.cols}, drawn{train.cols};
  for (std::int64_t u = 0; u < train.rows(); ++u) {
    const auto row = train.row(u);
    const auto n = static_cast<std::int64_t>(row.size());
    std::vector<bool> is_drawn(row.size());
    if (const auto count = static_cast<std::int64_t>(ratio * static_cast<double>(n)); count > 0) {
      for (const auto k : random.choice(n, count)) is_drawn[as_size(k)] = true;
    }
    for (std::size_t k = 0; k < row.size(); ++k) (is_drawn[k] ? drawn : kept).items.push_back(row[k]);
    kept.append({});
    drawn.append({});
  }
  train = std::move(kept);
  return drawn;
}

Csr join(const Csr& a, const Csr& b) {
  Csr out{a.cols};
  for (std::int64_t u = 0; u < a.rows(); ++u) {
    std::set_union(a.row(u).begin(), a.row(u).end(), b.row(u).begin(), b.row(u).end(), std::back_inserter(out.items));
    out.append({});
  }
  return out;
}

}  // namespace

GivenSplit read_parts(const Input& input, const DataOptions& options) {
  GivenSplit split;
  InteractionBuilder builder;
  const auto read = [&](const std::string& file) {
    TextSource text = TextSource::from_file(file);
    read_text(input.format, text, options, builder);
    return builder.rows();
  };
  split.train_end = read(input.train);
  if (split.train_end == 0) throw DataError(input.train + ": expected interactions, found none");
  split.train_users = builder.users();
  split.has_validation = !input.valid.empty();
  split.valid_end = split.has_validation ? read(input.valid) : split.train_end;
  if (read(input.test) == split.valid_end) throw DataError(input.test + ": expected interactions, found none");
  split.rows = builder.take();
  return split;
}

Dataset make_dataset(GivenSplit split, const DataOptions& options) {
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

  if (!split.has_validation) validation = draw_validation(train, options.validation_ratio.value_or(0.1), options.seed);

  Dataset out;
  out.strong = false;
  out.validation = users_with_targets(train, validation, rows.user_tokens);
  out.train_and_validation = join(train, validation);
  out.test = users_with_targets(out.train_and_validation, test, rows.user_tokens);
  train.indptr.resize(as_size(split.train_users) + 1);  // the others have no training rows
  out.train = std::move(train);
  return with_tokens(std::move(out), std::move(rows.item_tokens), std::move(rows.user_tokens), rows.rows_read,
                     rows.rows());
}

}  // namespace recvae::data
