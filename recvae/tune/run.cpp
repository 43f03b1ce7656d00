#include "run.h"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "../../data/error.h"

namespace recvae::tune {
namespace {

class Runner {
 public:
  Runner(Search& search, const data::Dataset& data, const MetricContext& context, const RunOptions& options)
      : search_(search), data_(data), context_(context), options_(options) {}

  void run() {
    {
      std::vector<std::jthread> threads;
      for (int k = 0; k < options_.parallel; ++k) threads.emplace_back([this] { work(); });
    }
    if (error_) std::rethrow_exception(error_);
    std::filesystem::remove_all(options_.folder);
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    try {
      while (!ended_) {
        const std::optional<Task> task = search_.next();
        if (!task) {
          ended_ = search_.over();
          if (!ended_) wait(lock);
          continue;
        }
        if (options_.started) options_.started(*task);
        begun_.insert(task->trial);
        std::unique_ptr<Trial> trial = take_paused(task->trial);
        lock.unlock();
        Record record = train(*task, trial);
        lock.lock();
        if (ended_) break;
        finish(std::move(record), std::move(trial));
      }
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      if (!ended_) error_ = std::current_exception();
      ended_ = true;
    }
    changed_.notify_all();
  }

  void wait(std::unique_lock<std::mutex>& lock) {
    const auto tell = [&](int change) {
      idle_ += change;
      if (options_.idle) options_.idle(idle_);
    };
    tell(1);
    changed_.wait(lock);
    tell(-1);
  }

  std::unique_ptr<Trial> take_paused(std::size_t number) {
    const auto it = paused_.find(number);
    if (it == paused_.end()) return nullptr;
    std::unique_ptr<Trial> trial = std::move(it->second);
    paused_.erase(it);
    return trial;
  }

  std::string folder(std::size_t trial) const { return options_.folder + "/" + std::to_string(trial + 1); }

  Record train(const Task& task, std::unique_ptr<Trial>& trial) {
    const Plan& plan = search_.plan();
    if (!trial) {
      trial = std::make_unique<Trial>(plan.settings(task.trial), data_, context_, folder(task.trial),
                                      options_.worth_saving);
    }
    Record record = trial->train(
        plan.epochs(task.trial, task.rung), [this] { return ended_.load(); },
        [this] { return options_.stop && options_.stop(); });
    record.trial = task.trial;
    record.rung = task.rung;
    if (may_go_on(record)) trial->pause();
    return record;
  }

  bool may_go_on(const Record& record) const {
    return record.rung + 1 < search_.plan().rungs.size() && !record.diverged;
  }

  void finish(Record record, std::unique_ptr<Trial> trial) {
    if (may_go_on(record) && paused_.size() < options_.paused) paused_.emplace(record.trial, std::move(trial));
    trial.reset();
    search_.add(record);
    ended_ = search_.over();
    std::erase_if(paused_, [&](const auto& entry) { return !search_.may_go_on(entry.first); });
    std::erase_if(begun_, [&](std::size_t number) {
      const bool done = !search_.may_go_on(number);
      if (done) std::filesystem::remove_all(folder(number));
      return done;
    });
    if (options_.ended) options_.ended(record);
    changed_.notify_all();
  }

  Search& search_;
  const data::Dataset& data_;
  const MetricContext& context_;
  const RunOptions& options_;
  std::mutex mutex_;  // of the search, of what follows, and of callbacks
  std::condition_variable changed_;
  std::map<std::size_t, std::unique_ptr<Trial>> paused_;
  std::set<std::size_t> begun_;  // trials that have a folder
  int idle_ = 0;
  std::exception_ptr error_;
  std::atomic<bool> ended_ = false;
};

}  // namespace

void run(Search& search, const data::Dataset& data, const MetricContext& context, const RunOptions& options) {
  Runner(search, data, context, options).run();
}

}  // namespace recvae::tune
