#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../interactions.h"

namespace recvae::data {

/// Adds rows to a builder on a thread of its own, in their order, while the caller reads on: looking up ids takes as
/// long as reading them. The builder is the caller's again after finish(), or when this is gone.
class RowAdder {
 public:
  explicit RowAdder(InteractionBuilder& out) : out_(out) {}
  ~RowAdder();  // forgets rows that are not added yet
  RowAdder(const RowAdder&) = delete;
  RowAdder& operator=(const RowAdder&) = delete;

  /// As InteractionBuilder::add. Throws what that threw of earlier rows.
  void add(std::string_view user, std::string_view item, std::optional<double> rating, std::optional<double> time,
           std::optional<bool> kept);
  void finish();

 private:
  struct Row {
    std::uint32_t user_size, item_size;
    double rating, time;
    bool has_rating, has_time, has_kept, kept;
  };
  struct Batch {
    std::string text;  // ids, one behind the other
    std::vector<Row> rows;
  };

  void hand_over();
  void work();
  void add_all(const Batch& batch);
  void stop();

  InteractionBuilder& out_;
  Batch batch_;  // the caller's
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> waiting_, used_;  // the latter for their memory
  bool done_ = false;
  std::exception_ptr error_;
  std::thread thread_;  // from the first full batch on
};

}  // namespace recvae::data
