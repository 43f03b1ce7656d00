#include "row_adder.h"

#include <utility>

namespace recvae::data {
namespace {

constexpr std::size_t kRows = 1 << 12, kText = 1 << 20, kMostWaiting = 8;

}  // namespace

RowAdder::~RowAdder() {
  {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
  }
  stop();
}

void RowAdder::add(std::string_view user, std::string_view item, std::optional<double> rating,
                   std::optional<double> time, std::optional<bool> kept) {
  batch_.text.append(user).append(item);
  batch_.rows.push_back({static_cast<std::uint32_t>(user.size()), static_cast<std::uint32_t>(item.size()),
                         rating.value_or(0), time.value_or(0), rating.has_value(), time.has_value(), kept.has_value(),
                         kept.value_or(true)});
  if (batch_.rows.size() >= kRows || batch_.text.size() >= kText) hand_over();
}

void RowAdder::finish() {
  if (thread_.joinable()) {
    hand_over();
    stop();
    if (error_) std::rethrow_exception(error_);
  } else {
    add_all(batch_);
    batch_ = {};
  }
}

void RowAdder::hand_over() {
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < kMostWaiting || error_; });
  if (error_) std::rethrow_exception(error_);
  waiting_.push_back(std::exchange(batch_, {}));
  if (!used_.empty()) {
    batch_ = std::move(used_.front());
    used_.pop_front();
  }
  changed_.notify_all();
}

void RowAdder::work() {
  for (Batch batch;;) {
    {
      std::unique_lock lock(mutex_);
      if (batch.rows.capacity() > 0) {
        batch.text.clear();
        batch.rows.clear();
        used_.push_back(std::move(batch));
      }
      changed_.wait(lock, [&] { return !waiting_.empty() || done_; });
      if (waiting_.empty()) return;
      batch = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.notify_all();
    }
    try {
      add_all(batch);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      error_ = std::current_exception();
      changed_.notify_all();
      return;
    }
  }
}

void RowAdder::add_all(const Batch& batch) {
  std::string_view text = batch.text;
  const auto cut = [&](std::size_t size) {
    const std::string_view id = text.substr(0, size);
    text.remove_prefix(size);
    return id;
  };
  for (const Row& row : batch.rows) {
    const std::string_view user = cut(row.user_size), item = cut(row.item_size);
    const auto given = [](bool has, auto value) { return has ? std::optional(value) : std::nullopt; };
    out_.add(user, item, given(row.has_rating, row.rating), given(row.has_time, row.time),
             given(row.has_kept, row.kept));
  }
}

/// Lets the thread add what waits, and end.
void RowAdder::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

}  // namespace recvae::data
