// Models of all kinds, as objects.
#pragma once

#include <mutex>

#include "object.h"
#include "recvae/baselines/weights_file.h"
#include "recvae/evaluate/scorer.h"
#include "recvae/evaluate/user_code.h"
#include "recvae/model_file.h"

namespace recvae::c_api {

/// What ranks items for histories.
class Model : public Content {
 public:
  virtual std::int64_t items() const = 0;  ///< how many it knows
  virtual const std::vector<std::string>& item_tokens() const = 0;
  virtual void save(const std::string& path);
  /// For any number of threads at once; made when it is first asked for.
  std::shared_ptr<Scorer> scorer();
  /// For one thread at a time, without a copy of the weights.
  std::shared_ptr<Scorer> own_scorer() { return make_scorer(DecoderCopy::by_tiles); }

 private:
  virtual std::shared_ptr<Scorer> make_scorer(DecoderCopy copy) = 0;
  std::mutex mutex_;
  std::shared_ptr<Scorer> scorer_;
};

/// RecVAE, of a run or of a file.
class RecVaeModel : public Model {
 public:
  /// Without an old encoder, `old_is_own` says whether that is the model's own, or is not known.
  explicit RecVaeModel(std::shared_ptr<const LoadedModel> loaded, bool old_is_own = true)
      : loaded_(std::move(loaded)), old_is_own_(old_is_own) {}
  const char* kind() const override { return "a RecVAE model"; }
  std::string text(const std::string& name) override;
  recvae_array array(const std::string& name) override;
  std::int64_t items() const override { return loaded_->model.items(); }
  const std::vector<std::string>& item_tokens() const override { return loaded_->item_tokens; }
  void save(const std::string& path) override;

  const LoadedModel& loaded() const { return *loaded_; }
  /// As a file of it would give it.
  LoadedModel with_old_encoder() const;
  /// codes [rows, width] <- those of the histories; throws UsageError where that is not their width.
  void embed(const data::Csr& histories, std::int64_t width, float* codes);

 private:
  std::shared_ptr<Scorer> make_scorer(DecoderCopy copy) override;
  std::shared_ptr<const LoadedModel> loaded_;
  bool old_is_own_;
  std::mutex code_mutex_;
  std::unique_ptr<UserCode> code_;
};

/// The model of a file, with settings and names for its items where that has none; its old encoder is not kept where it
/// is the model's own.
std::shared_ptr<RecVaeModel> load_recvae(const std::string& path);

}  // namespace recvae::c_api
