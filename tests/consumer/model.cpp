// Weight files and lists of the best items: what needs more than autodiff.
#include <cstdio>
#include <vector>

#include "data/data.h"
#include "nn/nn.h"
#include "recvae/recvae.h"

int main() {
  const ad::nn::Linear<float> written(3, 2, /*seed=*/1);
  ad::nn::Linear<float> read(3, 2, /*seed=*/2);
  ad::nn::save("linear.safetensors", written);
  ad::nn::load("linear.safetensors", read);

  const std::vector<std::int32_t> users{0, 0, 1, 1, 2}, items{0, 2, 1, 2, 2};
  const recvae::data::Csr rows = recvae::data::make_csr(3, 3, users, items);
  std::vector<std::vector<recvae::Scored>> best(3);
  recvae::make_baseline("popularity", rows)->rank(rows, 0, 1, {}, best);
  std::printf("the best item is %d\n", best[0][0].item);
  return best[0][0].item == 2 && read.weight.value(1, 2) == written.weight.value(1, 2) ? 0 : 1;
}
