// Users' rows gathered into the sparse matrices that a step works on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "../autodiff/csr.h"
#include "../data/csr.h"

namespace recvae {

/// One batch of rows; its memory is used again for the next.
template <class T>
class Batch {
 public:
  /// Batches of rows of `data`, which outlives it.
  explicit Batch(const data::Csr& data) : data_(&data) {}

  /// Makes room for any `max_users` rows, the longest included: gather() then allocates nothing.
  void reserve(std::int64_t max_users) {
    std::vector<std::int64_t> lengths;
    for (std::int64_t u = 0; u < data_->rows(); ++u) lengths.push_back(static_cast<std::int64_t>(data_->row(u).size()));
    max_users = std::min(max_users, data_->rows());
    std::partial_sort(lengths.begin(), lengths.begin() + max_users, lengths.end(), std::greater<>());
    std::int64_t most = 0;
    for (std::int64_t k = 0; k < max_users; ++k) most += lengths[static_cast<std::size_t>(k)];
    indptr_.reserve(static_cast<std::size_t>(max_users) + 1);
    indices_.reserve(static_cast<std::size_t>(most));
    normalised_.reserve(static_cast<std::size_t>(most));
  }

  /// Takes the rows of `users`, in that order.
  void gather(std::span<const std::int32_t> users) {
    indptr_.assign(1, 0);
    indices_.clear();
    normalised_.clear();
    for (std::int32_t u : users) {
      const std::span<const std::int32_t> row = data_->row(u);
      indices_.insert(indices_.end(), row.begin(), row.end());
      // ||x|| of a binary row; an empty row has no value to divide.
      normalised_.insert(normalised_.end(), row.size(), static_cast<T>(1 / std::sqrt(static_cast<double>(row.size()))));
      indptr_.push_back(static_cast<std::int64_t>(indices_.size()));
    }
  }

  ad::Index rows() const { return static_cast<ad::Index>(indptr_.size()) - 1; }  ///< users in it
  /// The rows as they are: ones.
  ad::CsrView<T> x() const { return {rows(), data_->cols, indptr_.data(), indices_.data(), nullptr}; }
  /// The rows divided by their 2-norm.
  ad::CsrView<T> normalised() const {
    return {rows(), data_->cols, indptr_.data(), indices_.data(), normalised_.data()};
  }

 private:
  const data::Csr* data_;
  std::vector<std::int64_t> indptr_;
  std::vector<std::int32_t> indices_;
  std::vector<T> normalised_;
};

}  // namespace recvae
