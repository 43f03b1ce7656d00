// A training run as a person sees it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "recvae/run.h"

namespace recvae::tools {

/// Runs to the end with a bar per epoch and a line after each, which begins with `label`. Calls `on_files` after each
/// epoch and after a checkpoint within one. A signal stops it: then calls `on_stop`, with the checkpoint written, and
/// throws data::Stopped. Says at the end what there is to be said of the best epoch and of what checkpoints cost.
void run_shown(Run& run, Fit& fit, const std::string& label, const std::function<void()>& on_files,
               const std::function<void()>& on_stop);

/// The last checkpoint of the run in a directory, or none. Throws DataError where it is one of other settings or data,
/// or has more epochs behind it than `wanted`. Says what it goes on with, and warns of another engine.
std::optional<Checkpoint> last_checkpoint(const std::string& directory, const RunIdentity& identity,
                                          std::int64_t wanted);

/// What bits depend on: the version, OpenBLAS and its kernels, and the vector loops.
std::string engine_identity();

}  // namespace recvae::tools
