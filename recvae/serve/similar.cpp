#include "similar.h"

#include <cmath>

#include "../../autodiff/kernels/loops.h"
#include "../../autodiff/parallel.h"
#include "../evaluate/factor_scorer.h"

namespace recvae {
namespace {

using ad::Index;

/// Rows of length 1, or 0 where they were.
ad::Tensor<float> unit_rows(ad::ConstMatrix<float> from) {
  ad::Tensor<float> to(from.rows, from.cols);
  ad::parallel_rows(from.rows, from.cols, [&](Index i) {
    double squares = 0;
    for (Index j = 0; j < from.cols; ++j) squares += double{from(i, j)} * double{from(i, j)};
    const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
    for (Index j = 0; j < from.cols; ++j) to(i, j) = static_cast<float>(double{from(i, j)} * scale);
  });
  return to;
}

}  // namespace

std::unique_ptr<Scorer> similar_items(const RecVae<float>& model, Similarity similarity) {
  struct Vectors {
    ad::Tensor<float> units, no_bias;
  };
  const auto own = std::make_shared<Vectors>();
  own->no_bias = ad::Tensor<float>(1, model.items());
  ad::ConstMatrix<float> rows = model.decoder.weight.value;
  if (similarity == Similarity::cosine) rows = own->units = unit_rows(rows);
  return factor_scorer(rows, own->no_bias.data(), DecoderCopy::whole,
                       [own, rows](const data::Csr& histories, std::int64_t first, Index count) {
                         ad::Tensor<float> sums(count, rows.cols);
                         for (Index u = 0; u < count; ++u) {
                           for (const std::int32_t item : histories.row(first + u))
                             ad::kernels::loops<float>().axpy(1, rows.row(item), sums.view().row(u), rows.cols);
                         }
                         return sums;
                       });
}

}  // namespace recvae
