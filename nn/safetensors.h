// Weight files in the safetensors format: https://github.com/huggingface/safetensors
#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../autodiff/kernels/api.h"
#include "../autodiff/parameter.h"
#include "module.h"

namespace ad::nn {

class AtomicFile;

/// Text under names, as it is in a file's header.
using Metadata = std::map<std::string, std::string>;

/// Is there a line end, a tab or the like in it, which would break a line that names it?
RECVAE_API bool has_control_character(const std::string& text);

/// A tensor as a file describes it.
struct TensorInfo {
  std::string dtype;         ///< "F16", "F32" and "F64", "I32" and "I64" are read; others are listed only
  std::vector<Index> shape;  ///< of any number of dimensions
  std::uint64_t begin = 0;   ///< its first byte within the data part
  std::uint64_t end = 0;     ///< and that after its last
};

/// Reads a file tensor by tensor. Throws Error("<path>: ...") for anything that is not a sound safetensors file: sizes,
/// offsets and shapes are all checked when it is opened.
class RECVAE_API SafetensorsReader {
 public:
  explicit SafetensorsReader(std::string path);  ///< Opens it and reads its header.

  const std::string& path() const { return path_; }                                   ///< as given
  const Metadata& metadata() const { return metadata_; }                              ///< `__metadata__`
  const std::map<std::string, TensorInfo>& tensors() const { return tensors_; }       ///< by name
  bool contains(const std::string& name) const { return tensors_.count(name) != 0; }  ///< is there such a tensor?

  /// The tensor as a matrix in memory: [cols] becomes one row, `transposed` swaps the sides. F16, F32 and F64,
  /// converted to T.
  template <class T>
  Tensor<T> read(const std::string& name, Layout layout = Layout::matrix);
  /// Throws Error, ShapeError for sides, where read(name, layout) would not give a matrix [rows, cols].
  void check(const std::string& name, Index rows, Index cols, Layout layout = Layout::matrix) const;
  /// One dimension of whole numbers, I32 or I64.
  std::vector<std::int64_t> read_integers(const std::string& name);

  /// Writes the bytes of a tensor as they are, a little at a time.
  void copy(const std::string& name, AtomicFile& to);

 private:
  const TensorInfo& find(const std::string& name) const;
  std::pair<Index, Index> sides(const std::string& name, Layout layout) const;
  void seek(const TensorInfo& info);
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  std::ifstream file_;
  std::uint64_t data_begin_ = 0;
  Metadata metadata_;
  std::map<std::string, TensorInfo> tensors_;
};

/// A tensor to be written under a name: a matrix with the shape that `layout` gives it in files, whole numbers of one
/// dimension, or what another file has under that name.
template <class T>
struct NamedTensor {
  std::string name;                                                           ///< in the file
  ConstMatrix<T> value;                                                       ///< as memory holds it
  Layout layout = Layout::matrix;                                             ///< how the file does
  SafetensorsReader* source = nullptr;                                        ///< in place of `value`
  std::optional<std::span<const std::int32_t>> integers = std::nullopt;       ///< likewise
  std::optional<std::span<const std::int64_t>> long_integers = std::nullopt;  ///< likewise
};

/// How the numbers of matrices are written.
enum class Precision {
  full,  ///< as they are: F32 (float) or F64 (double)
  half,  ///< rounded to F16: the nearest one, of two the even one
};

/// Writes tensors in the given order into an AtomicFile: never a part of a file. The same input gives the same bytes.
/// Returns their checksum. Throws Error, which names the tensor, for a value that F16 cannot hold where it has to.
template <class T>
RECVAE_API std::string write_safetensors(const std::string& path, const std::vector<NamedTensor<T>>& tensors,
                                         const Metadata& metadata, Precision precision = Precision::full);

/// The bytes of such a file that come before its data: for one whose matrices are written piece by piece. Of `tensors`
/// the names and shapes matter alone.
template <class T>
RECVAE_API std::string safetensors_header(const std::string& path, const std::vector<NamedTensor<T>>& tensors,
                                          const Metadata& metadata, Precision precision = Precision::full);

/// Appends the parameters of `module` to a list for writing, under "prefix.path".
template <class T, class Module>
void append_parameters(std::vector<NamedTensor<T>>& list, const Module& module, const std::string& prefix) {
  for_each_parameter(
      module,
      [&](const std::string& name, const Parameter<T>& p, Layout layout) {
        list.push_back({name, p.value.view(), layout});
      },
      prefix);
}

/// Appends the tensors of a file, in its order, to a list for writing. They are not read before the list is written.
template <class T>
void append_tensors(std::vector<NamedTensor<T>>& list, SafetensorsReader& source) {
  const auto first = list.size();
  for (const auto& [name, info] : source.tensors()) list.push_back({name, {}, {}, &source});
  std::sort(list.begin() + static_cast<std::ptrdiff_t>(first), list.end(), [&](const auto& a, const auto& b) {
    return source.tensors().at(a.name).begin < source.tensors().at(b.name).begin;
  });
}

/// Fills every parameter of `module` from the file's tensors "prefix.path". All must be there, and shapes fit: else
/// Error, and nothing was changed (a read error comes later).
template <class Module>
void read_parameters(SafetensorsReader& reader, Module& module, const std::string& prefix) {
  for_each_parameter(
      module,
      [&](const std::string& name, const auto& p, Layout layout) {
        reader.check(name, p.value.rows(), p.value.cols(), layout);
      },
      prefix);
  for_each_parameter(
      module,
      [&]<class T>(const std::string& name, Parameter<T>& p, Layout layout) {
        const Tensor<T> value = reader.read<T>(name, layout);
        std::copy(value.data(), value.data() + value.size(), p.value.data());  // in place: parameters keep their memory
      },
      prefix);
}

}  // namespace ad::nn
