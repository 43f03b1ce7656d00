#include "examples.h"

#include <algorithm>

#include "evaluator.h"

namespace recvae {

std::vector<std::int64_t> evenly_spread_users(const data::HeldOut& held_out, std::int64_t count) {
  std::vector<std::int64_t> rows, spread;
  for (std::int64_t row = 0; row < held_out.targets.rows(); ++row) {
    if (!held_out.targets.row(row).empty()) rows.push_back(row);
  }
  count = std::min(count, std::ssize(rows));
  for (std::int64_t k = 0; k < count; ++k) spread.push_back(rows[data::as_size(k * std::ssize(rows) / count)]);
  return spread;
}

std::vector<std::vector<std::int32_t>> best_items(Scorer& scorer, const data::HeldOut& held_out,
                                                  std::span<const std::int64_t> rows, std::int64_t k) {
  data::Csr histories, masked;
  histories.cols = masked.cols = held_out.history.cols;
  for (const std::int64_t row : rows) {
    histories.append(held_out.history.row(row));
    masked.append(held_out.masked.rows() > 0 ? held_out.masked.row(row) : std::span<const std::int32_t>());
  }
  std::vector<std::vector<std::int32_t>> lists(rows.size());
  recommend(scorer, histories, k, {.history = true, .masked = &masked},
            [&](std::int64_t row, std::span<const Scored> best) {
              for (const Scored& s : best) lists[data::as_size(row)].push_back(s.item);
            });
  return lists;
}

}  // namespace recvae
