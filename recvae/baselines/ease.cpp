#include "ease.h"

#include <vector>

#include "../../autodiff/parallel.h"
#include "co_occurrence.h"
#include "spd_inverse.h"

namespace recvae {

template <class T>
ad::Tensor<T> ease_weights(const data::Csr& x, double lambda, double dropout, const std::function<bool()>& stop) {
  ad::Tensor<T> weights(x.cols, x.cols);
  const CoOccurrence pairs(x);
  const ad::Matrix<T> b = weights;
  ad::parallel_for(b.rows, [&](ad::Index i) {
    pairs.row(i, std::span(b.row(i), data::as_size(b.cols)));
    b(i, i) += static_cast<T>(lambda + dropout / (1 - dropout) * static_cast<double>(pairs.count(i)));
  });
  spd_inverse(b, stop);
  std::vector<T> scale(data::as_size(b.cols));
  for (ad::Index j = 0; j < b.cols; ++j) scale[data::as_size(j)] = -1 / b(j, j);
  ad::parallel_rows(b.rows, b.cols, [&](ad::Index i) {
    for (ad::Index j = 0; j < b.cols; ++j) b(i, j) *= scale[data::as_size(j)];
    b(i, i) = 0;
  });
  return weights;
}

template ad::Tensor<float> ease_weights(const data::Csr&, double, double, const std::function<bool()>&);
template ad::Tensor<double> ease_weights(const data::Csr&, double, double, const std::function<bool()>&);

}  // namespace recvae
