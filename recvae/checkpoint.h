// All that an exact resume of a training run needs, on disk.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../autodiff/kernels/api.h"
#include "fit.h"

namespace recvae {

/// What a run is: it goes on with nothing else.
struct RunIdentity {
  std::string settings;                                   ///< JSON object of the model's settings and the data's
  std::vector<std::pair<std::string, std::string>> data;  ///< data::fingerprints
  std::string engine;                                     ///< what its bits depend on: BLAS and its kernels
};

/// A file that has been written before, under its checksum.
struct WrittenFile {
  std::string path;      ///< where it is
  std::string checksum;  ///< of its bytes
};

/// A checkpoint is a directory: `model.safetensors`, the weights as they are; `best.safetensors`, those of the best
/// epoch, if there is one; `training.safetensors`, Adam's moments and, in its metadata, where the run stands, what it
/// is and the lines of its log; `xxh128sums`, the checksums of these files, which is written last. In the midst of
/// encoder passes the posterior table is there, too, for the encoder it came from is gone; `prior.encoder_old.*` are
/// then the encoder's own weights, as the next refresh would make them.
///
/// Reads one: all files are there, and as they were written, or ad::Error says which is not.
class RECVAE_API Checkpoint {
 public:
  explicit Checkpoint(std::string directory);  ///< reads what is there

  const std::string& directory() const { return directory_; }       ///< as given
  const RunIdentity& identity() const { return identity_; }         ///< of the run
  const std::string& log() const { return log_; }                   ///< lines of metrics.jsonl
  const Fit::State& state() const { return fit_; }                  ///< where the run stood
  const std::optional<WrittenFile>& best() const { return best_; }  ///< best.safetensors

  /// The weights to make a Fit of; restore() then takes it to where it stood. Throw ad::Error.
  InitialModel model() const;
  /// Takes a fit of model() to where the run stood. Throws ad::Error.
  void restore(Fit& fit) const;

 private:
  std::string directory_;
  std::optional<WrittenFile> best_;
  bool keeps_old_encoder_ = false;  // else it is the encoder itself
  RunIdentity identity_;
  std::string log_;
  Fit::State fit_;
  Trainer::State trainer_;
  std::vector<std::pair<std::string, std::int64_t>> steps_;  // of Adam, by parameter
};

/// Writes a checkpoint into `directory`, which is empty. `best` is linked or copied; `is_best`: it has the weights as
/// they are. Throws ad::Error.
RECVAE_API void write_checkpoint(const std::string& directory, Fit& fit, const ModelMetadata& metadata,
                                 const RunIdentity& identity, const std::string& log,
                                 const std::optional<WrittenFile>& best, bool is_best);

/// The checkpoints of a run: `checkpoint` is a link to the last one, in `.checkpoints`, beside the one before. It
/// appears when that is complete and on the disk, and from then on is never absent.
class RECVAE_API Checkpoints {
 public:
  /// Of the run in this directory.
  explicit Checkpoints(std::string run_directory) : run_(std::move(run_directory)) {}

  void move_to(const std::string& run_directory) { run_ = run_directory; }  ///< the directory was renamed
  /// The last sound one. Where that is not the last, `warn` is told, and the link leads to it from now on. None: there
  /// has never been one. Throws ad::Error where there are some and none is sound.
  std::optional<Checkpoint> last(const std::function<void(const std::string&)>& warn) const;
  /// Calls write(directory) for a new one and publishes it; where that throws, nothing has changed. Keeps one before
  /// it.
  void add(const std::function<void(const std::string& directory)>& write);

 private:
  std::string run_;
};

/// The names of what differs between two runs: settings (but for `epochs`) and parts of the data.
RECVAE_API std::vector<std::string> differences(const RunIdentity& before, const RunIdentity& now);

/// Links `to` to the file `from`, in place of what is there, or copies it where the file system has no links.
RECVAE_API void link_or_copy(const std::string& from, const std::string& to);

}  // namespace recvae
