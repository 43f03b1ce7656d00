// Matrices: an owning tensor and two views of row-major memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "kernels/memory.h"

namespace ad {

/// Rows, columns and element numbers. Signed, as in loops.
using Index = std::ptrdiff_t;

/// Base of the library's own errors: misuse of a tape, of an optimiser, of a file.
struct RECVAE_API Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Sizes that do not fit together. The message names the op and the shapes.
struct RECVAE_API ShapeError : Error {
  using Error::Error;
};

/// "[rows, cols]", for messages.
inline std::string shape_string(Index rows, Index cols) {
  return std::string("[").append(std::to_string(rows)).append(", ").append(std::to_string(cols)).append("]");
}
template <class M>
std::string shape_string(const M& m) {
  return shape_string(m.rows, m.cols);
}  ///< The same, of a matrix.

namespace detail {
[[noreturn, gnu::cold, gnu::noinline]] inline void refuse_sides(const char* who, Index rows, Index cols) {
  throw ShapeError(std::string(who) + ": " + shape_string(rows, cols) +
                   ": expected sides from 0 on and a size that memory can have");
}
}  // namespace detail

/// rows * cols * element, in bytes. Throws ShapeError("who: ...") for a negative side or more bytes than an Index
/// counts.
inline std::size_t checked_bytes(const char* who, Index rows, Index cols, std::size_t element) {
  Index size = 0;
  if (rows < 0 || cols < 0 || __builtin_mul_overflow(rows, cols, &size) ||
      __builtin_mul_overflow(size, static_cast<Index>(element), &size)) [[unlikely]]
    detail::refuse_sides(who, rows, cols);
  return static_cast<std::size_t>(size);
}

/// Row-major view; of a const T, a read-only one. Does not own: valid as long as the memory that it was made of.
template <class T>
struct Matrix {
  T* data = nullptr;                                                                             ///< row by row
  Index rows = 0;                                                                                ///< number of rows
  Index cols = 0;                                                                                ///< number of columns
  Index size() const { return rows * cols; }                                                     ///< number of elements
  T& operator()(Index i, Index j) const { return data[i * cols + j]; }                           ///< not checked
  T* row(Index i) const { return data + i * cols; }                                              ///< begin of row i
  std::span<T> span() const { return {data, static_cast<std::size_t>(size())}; }                 ///< all elements
  operator Matrix<const T>() const requires(!std::is_const_v<T>) { return {data, rows, cols}; }  ///< read-only
};
/// Read-only.
template <class T>
using ConstMatrix = Matrix<const T>;

/// Owning, row-major, zero-filled matrix [rows, cols]; a value: copies are deep.
template <class T>
class Tensor {
 public:
  Tensor() = default;
  Tensor(Index rows, Index cols) : rows_(rows), cols_(cols), data_(allocate(rows, cols)) { fill(T(0)); }  ///< zeros
  Tensor(Index rows, Index cols, std::initializer_list<T> values) : Tensor(rows, cols) {
    if (static_cast<Index>(values.size()) != size())
      throw ShapeError("Tensor: " + std::to_string(values.size()) + " values for " + shape_string(rows, cols));
    std::copy(values.begin(), values.end(), data());
  }  ///< Values by rows; throws ShapeError for another number of them than rows * cols.
  explicit Tensor(ConstMatrix<T> m) : rows_(m.rows), cols_(m.cols), data_(allocate(m.rows, m.cols)) {
    std::copy(m.data, m.data + m.size(), data());
  }                                                      ///< A copy of what the view shows.
  Tensor(const Tensor& other) : Tensor(other.view()) {}  ///< a deep copy
  Tensor(Tensor&& other) noexcept { swap(other); }       ///< leaves [0, 0] behind
  Tensor& operator=(Tensor other) noexcept {
    swap(other);
    return *this;
  }  ///< A copy, or what was moved.

  Index rows() const { return rows_; }                                                        ///< number of rows
  Index cols() const { return cols_; }                                                        ///< number of columns
  Index size() const { return rows_ * cols_; }                                                ///< number of elements
  T* data() { return data_.get(); }                                                           ///< row by row
  const T* data() const { return data_.get(); }                                               ///< row by row
  T& operator()(Index i, Index j) { return data_[static_cast<std::size_t>(i * cols_ + j)]; }  ///< not checked
  const T& operator()(Index i, Index j) const { return data_[static_cast<std::size_t>(i * cols_ + j)]; }  ///< the same

  Matrix<T> view() { return {data(), rows_, cols_}; }             ///< valid as long as the tensor
  ConstMatrix<T> view() const { return {data(), rows_, cols_}; }  ///< valid as long as the tensor
  operator Matrix<T>() { return view(); }                         ///< as view()
  operator ConstMatrix<T>() const { return view(); }              ///< as view()

  void fill(T value) { std::fill(data(), data() + size(), value); }  ///< every element
  void swap(Tensor& other) noexcept {
    std::swap(rows_, other.rows_);
    std::swap(cols_, other.cols_);
    data_.swap(other.data_);
  }  ///< Exchanges sides and memory.

 private:
  struct Free {
    std::size_t bytes = 0;
    void operator()(T* p) const { detail::deallocate(p, bytes); }
  };
  static std::unique_ptr<T[], Free> allocate(Index rows, Index cols) {
    const std::size_t bytes = checked_bytes("Tensor", rows, cols, sizeof(T));
    return std::unique_ptr<T[], Free>(static_cast<T*>(detail::allocate(bytes)), Free{bytes});
  }

  Index rows_ = 0, cols_ = 0;
  std::unique_ptr<T[], Free> data_;
};

}  // namespace ad
