#include "scorer.h"

#include <algorithm>
#include <numeric>

#include "batch.h"

namespace recvae {
namespace {

class ModelScorer : public Scorer {
 public:
  explicit ModelScorer(const RecVae<float>& model) : model_(model) {}

  void score(const data::Csr& histories, std::int64_t first, ad::Matrix<float> scores) override {
    const auto no_grad = tape_.no_grad();
    std::vector<std::int32_t> users(static_cast<std::size_t>(std::min(kScoredTogether, histories.rows() - first)));
    std::iota(users.begin(), users.end(), static_cast<std::int32_t>(first));
    Batch<float> batch(histories);
    batch.gather(users);
    batch.pad(scores.rows);
    const ad::ConstMatrix<float> mu = model_.encoder(tape_, batch.normalised()).mu.value();
    const ad::Tensor<float>& weight = model_.decoder.weight.value;
    for (ad::Index u = 0; u < scores.rows; ++u)
      std::copy_n(model_.decoder.bias.value.data(), scores.cols, scores.row(u));
    ad::blas::gemm(scores.rows, scores.cols, mu.cols, 1.0f, ad::blas::Operand<float>{mu.data, mu.cols},
                   ad::blas::Operand<float>{weight.data(), weight.cols(), true}, 1.0f, scores.data, scores.cols);
    tape_.reset();
  }

 private:
  const RecVae<float>& model_;
  ad::Tape<float> tape_;
};

}  // namespace

std::unique_ptr<Scorer> model_scorer(const RecVae<float>& model) { return std::make_unique<ModelScorer>(model); }

}  // namespace recvae
