// A search, run: trials in parallel on shared data.
#pragma once

#include <functional>
#include <string>

#include "../../autodiff/kernels/api.h"
#include "search.h"
#include "trial.h"

namespace recvae::tune {

/// How a search is run; none of it changes what comes out.
struct RunOptions {
  int parallel = 1;          ///< trials at once, each on a thread of its own beside the engine's
  std::size_t paused = 0;    ///< trials that may wait for their next rung in memory; others begin again for it
  std::string folder{};      ///< where trials keep what they go on from; removed with the end of the search
  double worth_saving = 10;  ///< see Trial
  std::function<void(const Task&)> started{};  ///< before a trial goes on
  std::function<void(const Record&)> ended{};  ///< after the search has taken it; one call at a time, as of `started`
  std::function<void(int)> idle{};  ///< told how many of these threads have no trial, when that changes; likewise
  std::function<bool()> stop{};     ///< asked on any thread: true ends the run with data::Stopped
};

/// Runs the search until it is over. `data` and `context` are shared by all trials. Throws what a trial or a callback
/// throws, once no trial runs any more.
RECVAE_API void run(Search& search, const data::Dataset& data, const MetricContext& context, const RunOptions& options);

}  // namespace recvae::tune
