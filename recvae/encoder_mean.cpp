#include "encoder_mean.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "../autodiff/kernels/loops.h"
#include "../autodiff/parallel.h"

namespace recvae {

using ad::Index;

EncoderMean::EncoderMean(const Encoder<float>& encoder) : encoder_(encoder), mu_(encoder.fc_mu.weight.value) {
  for (const auto& block : encoder.blocks()) hidden_.emplace_back(block.fc->weight.value);
}

void EncoderMean::operator()(const data::Csr& histories, std::int64_t first, Index count, float* mu) const {
  const auto& loops = ad::kernels::loops<float>();
  const ad::Tensor<float>& rows = encoder_.fc1.weight.value;
  const Index width = rows.cols();
  ad::Tensor<float> x_memory(count, width), h_memory(count, width), skip_memory(count, width);
  const ad::Matrix<float> x = x_memory;  // before swish and normalisation

  for (Index u = 0; u < count; ++u) {
    const std::span<const std::int32_t> items = histories.row(first + u);
    const float value = static_cast<float>(1 / std::sqrt(static_cast<double>(items.size())));
    std::copy_n(encoder_.fc1.bias.value.data(), width, x.row(u));
    loops.add_rows(nullptr, value, items.data(), std::ssize(items), rows.data(), width, x.row(u));
  }
  const auto normalise = [&](const ad::nn::LayerNorm<float>& ln, const ad::Matrix<float>* skip, ad::Matrix<float> h) {
    for (Index u = 0; u < count; ++u) {
      loops.norm({x.row(u), skip ? skip->row(u) : nullptr, ln.weight.value.data(), ln.bias.value.data(), width, true},
                 ln.eps, h.row(u));
    }
    return h;
  };
  auto packed = hidden_.begin();
  const ad::Matrix<float> h = encoder_.dense_blocks(
      normalise(encoder_.ln1, nullptr, skip_memory),
      [&](const Encoder<float>::Block& block, ad::Matrix<float> before, ad::Matrix<float> skip) {
        (packed++)->multiply(before.data, width, count, 0, width, block.fc->bias.value.data(), x.data, width);
        return normalise(*block.ln, &skip, h_memory);
      },
      [&](ad::Matrix<float> skip, ad::Matrix<float> h_k) {
        loops.axpy(1, h_k.data, skip.data, skip.size());
        return skip;
      });
  mu_.multiply(h.data, width, count, 0, latent(), encoder_.fc_mu.bias.value.data(), mu, latent());
}

ad::Tensor<float> EncoderMean::of_rows(const data::Csr& histories, std::int64_t first, Index count) const {
  ad::Tensor<float> mu(count, latent());
  ad::parallel_chunks(
      count, 24, [&](Index begin, Index end) { (*this)(histories, first + begin, end - begin, mu.view().row(begin)); });
  return mu;
}

}  // namespace recvae
