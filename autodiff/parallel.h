// Threads, in one place.
#pragma once

#include "kernels/api.h"
#include "tensor.h"

namespace ad {

/// Sets how many threads the library uses, process-wide; 0 means all cores. Results do not depend on it. Throws Error
/// for a negative number or one above 4096.
RECVAE_API void set_threads(int n);
RECVAE_API int threads();  ///< that number

namespace detail {
RECVAE_API void run_tasks(Index tasks, Index workers, const void* body,
                          void (*call)(const void* body, Index task, Index worker));
}

/// Runs body(task) once for each task in [0, tasks), in any order and on any thread. The cut into tasks is the caller's
/// and must depend on sizes alone; each task writes memory of its own: so results do not depend on the threads.
template <class F>
void parallel_for(Index tasks, const F& body) {
  detail::run_tasks(tasks, tasks, &body, [](const void* b, Index task, Index) { (*static_cast<const F*>(b))(task); });
}

/// The same on at most `workers` threads, with body(task, worker): worker is below `workers`, and no two tasks have one
/// at the same time. For work memory that is written before it is read.
template <class F>
void parallel_for_workers(Index tasks, Index workers, const F& body) {
  detail::run_tasks(tasks, workers, &body,
                    [](const void* b, Index task, Index worker) { (*static_cast<const F*>(b))(task, worker); });
}

/// Elements of a cheap loop that are worth a task.
inline constexpr Index kChunk = 16384;

/// Runs body(begin, end) over fixed pieces of [0, n), each of `chunk` elements (the last one shorter).
template <class F>
void parallel_chunks(Index n, Index chunk, const F& body) {
  if (n <= chunk) {  // a scalar's way: no divisions
    if (n > 0) body(Index{0}, n);
    return;
  }
  parallel_for((n + chunk - 1) / chunk, [&](Index c) { body(c * chunk, std::min(n, (c + 1) * chunk)); });
}

/// Runs body(row) for each row of [rows, cols], in pieces of about kChunk elements.
template <class F>
void parallel_rows(Index rows, Index cols, const F& body) {
  const bool small = rows <= kChunk && rows * cols <= kChunk;  // a scalar's way: no division
  const Index chunk = small ? kChunk : std::max<Index>(1, kChunk / std::max<Index>(1, cols));
  parallel_chunks(rows, chunk, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) body(i);
  });
}

}  // namespace ad
