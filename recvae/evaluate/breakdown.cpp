#include "breakdown.h"

#include <algorithm>

#include "evaluator.h"

namespace recvae {
namespace {

/// Sums of values within ranges.
class Groups {
 public:
  explicit Groups(std::vector<Range> ranges) : ranges_(std::move(ranges)), sums_(ranges_.size()) {}

  /// Adds `value`, which has this weight, to the range that has `number`.
  void add(std::int64_t number, double value, double weight) {
    if (!(weight > 0)) return;
    const auto range = std::ranges::lower_bound(ranges_, number, {}, &Range::most);
    Sum& sum = sums_[static_cast<std::size_t>(range - ranges_.begin())];
    sum.value += weight * value;
    sum.weight += weight;
  }
  std::vector<GroupMean> means() const {
    std::vector<GroupMean> means;
    for (std::size_t g = 0; g < ranges_.size(); ++g) means.push_back({ranges_[g], sums_[g].value / sums_[g].weight});
    return means;
  }

 private:
  struct Sum {
    double value = 0, weight = 0;
  };
  std::vector<Range> ranges_;
  std::vector<Sum> sums_;
};

}  // namespace

std::vector<Range> equal_shares(const std::map<std::int64_t, std::int64_t>& counts, std::int64_t groups) {
  std::int64_t left = 0;  // numbers that are in no range yet
  for (const auto& [number, count] : counts) left += count;
  std::vector<Range> ranges;
  for (const auto& [number, count] : counts) {
    // A range is full where the next number would take it further beyond its share of what was left than it is short.
    if (!ranges.empty()) {
      const Range& last = ranges.back();
      const std::int64_t to_fill = groups - std::ssize(ranges) + 1;
      if (to_fill == 1 || to_fill * (2 * last.count + count) <= 2 * (left + last.count)) {
        ranges.back().most = number;
        ranges.back().count += count;
        left -= count;
        continue;
      }
    }
    ranges.push_back({number, number, count});
    left -= count;
  }
  return ranges;
}

Breakdown breakdown(Scorer& scorer, const data::HeldOut& held_out, const Metric& metric, std::int64_t k,
                    const MetricContext& context, std::int64_t groups) {
  const data::Csr& targets = held_out.targets;
  const auto popularity = [&](std::int32_t item) { return context.popularity[data::as_size(item)]; };
  const auto activity = [&](std::int64_t row) { return std::ssize(held_out.history.row(row)); };
  std::map<std::int64_t, std::int64_t> histories, popularities;
  for (std::int64_t row = 0; row < targets.rows(); ++row) {
    if (!targets.row(row).empty()) ++histories[activity(row)];
    for (const std::int32_t item : targets.row(row)) ++popularities[popularity(item)];
  }
  Groups users(equal_shares(histories, groups)), items(equal_shares(popularities, groups));
  std::vector<std::int32_t> found;
  recommend(scorer, held_out.history, std::max(metric.k, k), {.history = true, .masked = &held_out.masked},
            [&](std::int64_t row, std::span<const Scored> best) {
              const std::span<const std::int32_t> wanted = targets.row(row);
              if (wanted.empty()) return;
              UserValue value;
              evaluate_user({metric}, context, {best, wanted, {}}, {&value, 1});
              users.add(activity(row), value.value, value.weight);
              found.clear();
              for (const Scored& s : best.first(std::min(best.size(), data::as_size(k)))) found.push_back(s.item);
              std::ranges::sort(found);
              for (const std::int32_t item : wanted) {
                items.add(popularity(item), std::ranges::binary_search(found, item) ? 1 : 0, 1);
              }
            });
  return {users.means(), items.means()};
}

}  // namespace recvae
