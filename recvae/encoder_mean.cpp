#include "encoder_mean.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "../autodiff/kernels/kernels.h"

namespace recvae {

using ad::Index;

EncoderMean::EncoderMean(const Encoder<float>& encoder) : encoder_(encoder), mu_(encoder.fc_mu.weight.value) {
  for (const auto* fc : {&encoder.fc2, &encoder.fc3, &encoder.fc4, &encoder.fc5})
    hidden_.emplace_back(fc->weight.value);
}

void EncoderMean::operator()(const data::Csr& histories, std::int64_t first, Index count, float* mu) const {
  const auto& loops = ad::kernels::loops<float>();
  const ad::Tensor<float>& rows = encoder_.fc1.weight.value;
  const Index width = rows.cols();
  ad::Tensor<float> x_memory(count, width), h_memory(count, width), skip_memory(count, width);
  const ad::Matrix<float> x = x_memory, h = h_memory, skip = skip_memory;  // x: before swish and normalisation

  for (Index u = 0; u < count; ++u) {
    const std::span<const std::int32_t> items = histories.row(first + u);
    const float value = static_cast<float>(1 / std::sqrt(static_cast<double>(items.size())));
    std::copy_n(encoder_.fc1.bias.value.data(), width, x.row(u));
    loops.add_rows(nullptr, value, items.data(), std::ssize(items), rows.data(), width, x.row(u));
  }
  const auto normalise = [&](const ad::nn::LayerNorm<float>& ln, bool with_skip) {
    for (Index u = 0; u < count; ++u) {
      loops.norm(
          {x.row(u), with_skip ? skip.row(u) : nullptr, ln.weight.value.data(), ln.bias.value.data(), width, true},
          ln.eps, h.row(u));
      loops.axpy(1, h.row(u), skip.row(u), width);  // of the last layer for nobody
    }
  };
  normalise(encoder_.ln1, false);
  const ad::nn::Linear<float>* const fc[] = {&encoder_.fc2, &encoder_.fc3, &encoder_.fc4, &encoder_.fc5};
  const ad::nn::LayerNorm<float>* const ln[] = {&encoder_.ln2, &encoder_.ln3, &encoder_.ln4, &encoder_.ln5};
  for (std::size_t k = 0; k < hidden_.size(); ++k) {
    hidden_[k].multiply(h.data, width, count, 0, width, fc[k]->bias.value.data(), x.data, width);
    normalise(*ln[k], true);
  }
  mu_.multiply(h.data, width, count, 0, latent(), encoder_.fc_mu.bias.value.data(), mu, latent());
}

}  // namespace recvae
