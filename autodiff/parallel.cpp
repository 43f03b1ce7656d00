#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "inspect/thread_sanitizer.h"

namespace ad {
namespace {

int all_cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

// The one mutable global of the library: how many threads, and TBB's objects for that number.
struct Pool {
  explicit Pool(int n) : size(n), arena(n) {
    if (n > all_cores()) limit.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(n));
  }
  int size;
  tbb::task_arena arena;
  std::optional<tbb::global_control> limit;  // lets TBB start more workers than cores, where that was asked for
};

std::mutex pool_mutex;
std::shared_ptr<Pool> current_pool;

std::shared_ptr<Pool> pool() {
  std::lock_guard lock(pool_mutex);
  if (!current_pool) current_pool = std::make_shared<Pool>(all_cores());
  return current_pool;
}

}  // namespace

void set_threads(int n) {
  constexpr int kMost = 4096;
  if (n < 0 || n > kMost)
    throw Error("set_threads: expected a number from 0 to " + std::to_string(kMost) + ", found " + std::to_string(n));
  auto fresh = std::make_shared<Pool>(n == 0 ? all_cores() : n);
  std::lock_guard lock(pool_mutex);
  current_pool = std::move(fresh);
}

int threads() { return pool()->size; }

void detail::run_tasks(Index tasks, Index workers, const void* body, void (*call)(const void*, Index, Index)) {
  const std::shared_ptr<Pool> p = tasks > 1 && workers > 1 ? pool() : nullptr;
  if (!p || p->size == 1) {
    for (Index task = 0; task < tasks; ++task) call(body, task, 0);
    return;
  }
  // One TBB task per thread, each drawing the next piece: cheap, and balanced when pieces differ.
  std::atomic<Index> next{0};
  detail::release(&next);
  const detail::AtEnd joined{detail::acquire, &tasks};
  p->arena.execute([&] {
    tbb::parallel_for(
        0, static_cast<int>(std::min({Index{p->size}, tasks, workers})), 1,
        [&](int worker) {
          detail::acquire(&next);
          const detail::AtEnd done{detail::release, &tasks};
          for (Index task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) call(body, task, worker);
        },
        tbb::simple_partitioner());
  });
}

}  // namespace ad
