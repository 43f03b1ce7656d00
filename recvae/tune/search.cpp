#include "search.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace recvae::tune {

std::vector<Metric> tested_metrics(const Settings& settings) {
  std::vector<std::string> names = settings.metrics;
  names.push_back(settings.valid_metric);
  return parse_metrics(names, settings.topk);
}

Mean mean_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  Mean m{std::accumulate(values.begin(), values.end(), 0.0) / n};  // of none: NaN
  double squares = 0;
  for (const double v : values) squares += (v - m.mean) * (v - m.mean);
  if (values.size() > 1) m.deviation = std::sqrt(squares / (n - 1));
  return m;
}

Search::Search(Plan plan, const Metric& valid_metric)
    : plan_(std::move(plan)),
      valid_metric_(valid_metric),
      done_(plan_.rungs.size(), std::vector<std::optional<Record>>(plan_.trials())),
      points_(1, std::vector<std::size_t>(plan_.points.size())),
      reached_(plan_.points.size(), 0),
      needed_(plan_.points.size()) {
  std::iota(points_[0].begin(), points_[0].end(), std::size_t{0});
}

// Nothing is not better than nothing: so this orders values, too.
bool Search::better(double value, std::optional<double> than) const {
  return !std::isnan(value) && is_better(valid_metric_, value, than);
}

std::size_t Search::trial_at(std::size_t place, std::size_t rung) const {
  const std::size_t runs = plan_.space.runs();
  return points_[rung][place / runs] * runs + place % runs;
}

std::optional<Task> Search::next() {
  const std::size_t rung = points_.size() - 1;
  while (!over_ && handed_out_ < points_[rung].size() * plan_.space.runs()) {
    const std::size_t trial = trial_at(handed_out_++, rung);
    if (!done_[rung][trial]) return Task{trial, rung};
  }
  return {};
}

void Search::add(Record record) {
  if (record.rung >= done_.size() || record.trial >= plan_.trials())
    throw std::invalid_argument("a record of another search");
  std::optional<Record>& place = done_[record.rung][record.trial];
  place = std::move(record);
  if (plan_.early_stop) stop_early();
  climb();
}

bool Search::may_go_on(std::size_t trial) const {
  const std::size_t rung = points_.size() - 1;
  const bool done = rung + 1 == plan_.rungs.size() && done_[rung][trial];
  return !over_ && !done && std::ranges::binary_search(points_.back(), plan_.point_of(trial));
}

bool Search::is_done(std::size_t point, std::size_t rung) const {
  const auto first = done_[rung].begin() + static_cast<std::ptrdiff_t>(point * plan_.space.runs());
  return std::all_of(first, first + static_cast<std::ptrdiff_t>(plan_.space.runs()),
                     [](const auto& r) { return r.has_value(); });
}

void Search::stop_early() {
  for (; !over_ && judged_ < plan_.points.size() && is_done(judged_, 0); ++judged_) {
    const double value = valid(judged_).mean;
    const bool gain = better(value, best_);
    if (gain) best_ = value;
    without_gain_ = gain ? 0 : without_gain_ + 1;
    if (without_gain_ < *plan_.early_stop) continue;
    over_ = true;
    needed_ = judged_ + 1;
  }
}

void Search::climb() {
  while (!over_ && std::ranges::all_of(points_.back(), [&](std::size_t p) { return is_done(p, points_.size() - 1); })) {
    const std::size_t rung = points_.size();
    over_ = rung == plan_.rungs.size();
    if (over_) return;
    std::vector<std::size_t> points = points_.back();
    std::erase_if(points, [&](std::size_t p) { return std::isnan(valid(p).mean); });
    std::ranges::stable_sort(points,
                             [&](std::size_t a, std::size_t b) { return better(valid(a).mean, valid(b).mean); });
    if (points.size() > plan_.rungs[rung].points) points.resize(plan_.rungs[rung].points);
    std::ranges::sort(points);
    for (const std::size_t p : points) reached_[p] = rung;
    over_ = points.empty();
    points_.push_back(std::move(points));
    handed_out_ = 0;
  }
}

std::vector<const Record*> Search::finished() const {
  std::vector<const Record*> records;
  for (std::size_t rung = 0; rung < points_.size(); ++rung) {
    for (std::size_t place = 0; place < points_[rung].size() * plan_.space.runs(); ++place) {
      const std::size_t trial = trial_at(place, rung);
      if (!done_[rung][trial] || plan_.point_of(trial) >= needed_) return records;
      records.push_back(&*done_[rung][trial]);
    }
  }
  return records;
}

std::vector<const Record*> Search::records() const {
  std::vector<const Record*> last;
  for (std::size_t trial = 0; trial < needed_ * plan_.space.runs(); ++trial) {
    for (std::size_t rung = reached_[plan_.point_of(trial)] + 1; rung-- > 0;) {
      if (!done_[rung][trial]) continue;
      last.push_back(&*done_[rung][trial]);
      break;
    }
  }
  return last;
}

std::vector<const Record*> Search::runs(std::size_t point) const {
  std::vector<const Record*> records;
  if (point >= needed_) return records;
  for (std::size_t rung = reached_[point] + 1; rung-- > 0;) {
    if (!is_done(point, rung)) continue;
    for (std::size_t k = 0; k < plan_.space.runs(); ++k)
      records.push_back(&*done_[rung][point * plan_.space.runs() + k]);
    break;
  }
  return records;
}

Mean Search::valid(std::size_t point) const {
  std::vector<double> values;
  for (const Record* r : runs(point)) values.push_back(r->valid);
  return mean_of(values);
}

Mean Search::test(std::size_t point, std::size_t metric) const {
  std::vector<double> values;
  for (const Record* r : runs(point)) values.push_back(metric < r->test.size() ? r->test[metric] : kNothing);
  return mean_of(values);
}

std::vector<std::size_t> Search::ranking() const {
  std::vector<std::pair<double, std::size_t>> points;
  for (std::size_t p = 0; p < needed_; ++p) {
    if (!runs(p).empty()) points.emplace_back(valid(p).mean, p);
  }
  std::ranges::stable_sort(points, [&](const auto& a, const auto& b) { return better(a.first, b.first); });
  std::vector<std::size_t> ranked;
  for (const auto& [value, p] : points) ranked.push_back(p);
  return ranked;
}

std::optional<std::size_t> Search::best() const {
  const std::vector<std::size_t> ranked = ranking();
  if (ranked.empty() || std::isnan(valid(ranked[0]).mean)) return {};
  return ranked[0];
}

}  // namespace recvae::tune
