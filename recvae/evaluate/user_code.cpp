#include "user_code.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "../../autodiff/kernels/loops.h"
#include "../../autodiff/parallel.h"

namespace recvae {

using ad::Index;

namespace {

void tanh_of(ad::Matrix<float> x) {
  for (float& value : x.span()) value = std::tanh(value);
}

}  // namespace

UserCode::UserCode(const RecVae<float>& model) : model_(model), mu_(model.encoder.fc_mu.weight.value) {
  if (model.encoder.kind == EncoderKind::recvae) {
    for (const auto& block : model.encoder.blocks()) blocks_.emplace_back(block.fc->weight.value);
  }
  if (model.decoder.has_hidden()) decoder_.pack(model.decoder.fc1.weight.value);
}

/// h_5 of RecVAE's encoder; `x` is what fc1 gives, and is used up.
ad::Matrix<float> UserCode::dense_blocks(ad::Matrix<float> x, ad::Tensor<float>& h_memory) const {
  const Encoder<float>& encoder = model_.encoder;
  const Index count = x.rows, width = x.cols;
  ad::Tensor<float> skip_memory(count, width);
  const auto normalise = [&](const ad::nn::LayerNorm<float>& ln, const ad::Matrix<float>* skip, ad::Matrix<float> h) {
    for (Index u = 0; u < count; ++u) {
      ad::kernels::loops<float>().norm(
          {x.row(u), skip ? skip->row(u) : nullptr, ln.weight.value.data(), ln.bias.value.data(), width, true}, ln.eps,
          h.row(u));
    }
    return h;
  };
  auto packed = blocks_.begin();
  return encoder.dense_blocks(
      normalise(encoder.ln1, nullptr, skip_memory),
      [&](const Encoder<float>::Block& block, ad::Matrix<float> before, ad::Matrix<float> skip) {
        (packed++)->multiply(before.data, width, count, 0, width, block.fc->bias.value.data(), x.data, width);
        return normalise(*block.ln, &skip, h_memory);
      },
      [&](ad::Matrix<float> skip, ad::Matrix<float> h_k) {
        ad::kernels::loops<float>().axpy(1, h_k.data, skip.data, skip.size());
        return skip;
      });
}

void UserCode::operator()(const data::Csr& histories, std::int64_t first, Index count, float* code) const {
  const Encoder<float>& encoder = model_.encoder;
  const ad::Tensor<float>& rows = encoder.fc1.weight.value;
  const Index hidden = rows.cols(), latent = model_.latent();
  ad::Tensor<float> x_memory(count, hidden), h_memory(count, hidden);
  ad::Matrix<float> h = x_memory;
  for (Index u = 0; u < count; ++u) {
    const std::span<const std::int32_t> items = histories.row(first + u);
    const float value = static_cast<float>(1 / std::sqrt(static_cast<double>(items.size())));
    std::copy_n(encoder.fc1.bias.value.data(), hidden, h.row(u));
    ad::kernels::loops<float>().add_rows(nullptr, value, items.data(), std::ssize(items), rows.data(), hidden,
                                         h.row(u));
  }
  if (encoder.kind == EncoderKind::recvae)
    h = dense_blocks(h, h_memory);
  else
    tanh_of(h);
  const ad::nn::Linear<float>& deep = model_.decoder.fc1;
  ad::Tensor<float> z_memory(model_.decoder.has_hidden() ? count : 0, latent);
  float* z = model_.decoder.has_hidden() ? z_memory.data() : code;
  mu_.multiply(h.data, hidden, count, 0, latent, encoder.fc_mu.bias.value.data(), z, latent);
  if (encoder.kind == EncoderKind::multdae) tanh_of({z, count, latent});
  if (!model_.decoder.has_hidden()) return;
  decoder_.multiply(z, latent, count, 0, width(), deep.bias.value.data(), code, width());
  tanh_of({code, count, width()});
}

ad::Tensor<float> UserCode::of_rows(const data::Csr& histories, std::int64_t first, Index count) const {
  ad::Tensor<float> codes(count, width());
  ad::parallel_chunks(count, 24, [&](Index begin, Index end) {
    (*this)(histories, first + begin, end - begin, codes.view().row(begin));
  });
  return codes;
}

}  // namespace recvae
