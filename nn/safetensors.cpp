#include "safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>

#include "../autodiff/parallel.h"
#include "atomic_file.h"
#include "half.h"
#include "safetensors_header.h"

namespace ad::nn {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

using Json = nlohmann::ordered_json;  // keeps the order of names

constexpr std::uint64_t kLargestHeader = std::uint64_t{1} << 30;
constexpr Index kTransposeBlock = 32;  // rows of the file at a time
constexpr std::size_t kCopyBlock = std::size_t{1} << 20;
constexpr std::size_t kHalfBlock = std::size_t{1} << 16;

template <class From, class T>
void convert(const char* bytes, Index n, T* out) {
  for (Index i = 0; i < n; ++i) {
    From v;
    std::memcpy(&v, bytes + static_cast<std::size_t>(i) * sizeof(From), sizeof(From));
    out[i] = static_cast<T>(v);
  }
}

// to[c, r] <- from[r, c], of matrices whose rows lie so far apart: tile by tile, each a cache line wide on both sides.
template <class T>
void transpose(ConstMatrix<T> from, Index from_stride, T* to, Index to_stride) {
  constexpr Index kTile = 16, kPiece = 64 * kTile;
  const auto tiles = [&](Index r_begin, Index r_end, Index c_begin, Index c_end) {
    for (Index r0 = r_begin; r0 < r_end; r0 += kTile) {
      for (Index c0 = c_begin; c0 < c_end; c0 += kTile) {
        for (Index c = c0; c < std::min(c_end, c0 + kTile); ++c) {
          for (Index r = r0; r < std::min(r_end, r0 + kTile); ++r)
            to[c * to_stride + r] = from.data[r * from_stride + c];
        }
      }
    }
  };
  if (from.rows > from.cols)
    parallel_chunks(from.rows, kPiece, [&](Index begin, Index end) { tiles(begin, end, 0, from.cols); });
  else
    parallel_chunks(from.cols, kPiece, [&](Index begin, Index end) { tiles(0, from.rows, begin, end); });
}

/// Calls f(span, dtype) with the whole numbers of a tensor that is of such; false where it is not.
template <class T, class F>
bool with_integers(const NamedTensor<T>& t, const F& f) {
  if (t.integers) return f(*t.integers, "I32"), true;
  if (t.long_integers) return f(*t.long_integers, "I64"), true;
  return false;
}

// What a file says of a tensor in memory that starts its data.
template <class T>
TensorInfo description(const NamedTensor<T>& t, Precision precision) {
  TensorInfo info;
  if (with_integers(t, [&](auto numbers, const char* dtype) {
        info = {dtype, {std::ssize(numbers)}, 0, numbers.size_bytes()};
      })) {
    return info;
  }
  const std::string dtype = precision == Precision::half ? "F16" : sizeof(T) == 4 ? "F32" : "F64";
  std::vector<Index> shape = {t.value.rows, t.value.cols};
  if (t.layout == Layout::vector) shape = {t.value.cols};
  if (t.layout == Layout::transposed) shape = {t.value.cols, t.value.rows};
  return {dtype, shape, 0, static_cast<std::uint64_t>(t.value.size()) * dtype_size(dtype)};
}

// Writes the numbers of one tensor.
template <class T>
void write_numbers(AtomicFile& file, const std::string& path, const NamedTensor<T>& tensor, std::span<const T> numbers,
                   Precision precision) {
  if (precision == Precision::full) return file.write(numbers.data(), numbers.size_bytes());
  std::vector<Half> block;
  while (!numbers.empty()) {
    block.clear();
    for (const T number : numbers.first(std::min(kHalfBlock, numbers.size()))) {
      if (!block.emplace_back(number).is_finite())
        throw Error(path + ": tensor " + tensor.name +
                    ": expected numbers of at most 65504, which float16 holds, found " + std::to_string(number));
    }
    file.write(block.data(), block.size() * sizeof(Half));
    numbers = numbers.subspan(block.size());
  }
}

template <class T>
void write_matrix(AtomicFile& file, const std::string& path, const NamedTensor<T>& tensor, Precision precision) {
  const ConstMatrix<T> value = tensor.value;
  const auto write = [&](std::span<const T> numbers) { write_numbers(file, path, tensor, numbers, precision); };
  if (tensor.layout != Layout::transposed) return write({value.data, static_cast<std::size_t>(value.size())});
  std::vector<T> block;
  for (Index first = 0; first < value.cols; first += kTransposeBlock) {
    const Index count = std::min(kTransposeBlock, value.cols - first);
    block.resize(static_cast<std::size_t>(count * value.rows));
    transpose({value.data + first, value.rows, count}, value.cols, block.data(), value.rows);
    write(block);
  }
}

}  // namespace

void SafetensorsReader::fail(const std::string& what) const { throw Error(path_ + ": " + what); }

SafetensorsReader::SafetensorsReader(std::string path) : path_(std::move(path)) {
  std::error_code error;
  if (std::filesystem::is_regular_file(path_, error)) file_.open(path_, std::ios::binary);
  if (!file_.is_open()) fail("cannot be opened");
  file_.seekg(0, std::ios::end);
  const auto file_size = static_cast<std::uint64_t>(file_.tellg());
  file_.seekg(0);
  std::uint64_t header_size = 0;
  file_.read(reinterpret_cast<char*>(&header_size), sizeof header_size);
  if (file_size < 8 || header_size > kLargestHeader || header_size > file_size - 8) {
    fail("not a safetensors file, or a truncated one: its header does not fit in " + std::to_string(file_size) +
         " bytes");
  }
  data_begin_ = 8 + header_size;
  std::string text(header_size, '\0');
  if (!file_.read(text.data(), static_cast<std::streamsize>(header_size))) fail("read error in the header");
  try {
    SafetensorsHeader header = parse_safetensors_header(text, file_size - data_begin_);
    metadata_ = std::move(header.metadata);
    tensors_ = std::move(header.tensors);
  } catch (const Error& bad) {
    fail(bad.what());
  }
}

const TensorInfo& SafetensorsReader::find(const std::string& name) const {
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) fail("tensor " + name + " is missing");
  return it->second;
}

void SafetensorsReader::seek(const TensorInfo& info) {
  file_.clear();
  file_.seekg(static_cast<std::streamoff>(data_begin_ + info.begin));
}

void SafetensorsReader::copy(const std::string& name, AtomicFile& to) {
  const TensorInfo& info = find(name);
  std::vector<char> bytes(std::min<std::uint64_t>(info.end - info.begin, kCopyBlock));
  seek(info);
  for (std::uint64_t left = info.end - info.begin; left > 0;) {
    const std::size_t n = std::min<std::uint64_t>(left, bytes.size());
    if (!file_.read(bytes.data(), static_cast<std::streamsize>(n))) fail("read error in tensor " + name);
    to.write(bytes.data(), n);
    left -= n;
  }
}

// Of the matrix in the file.
std::pair<Index, Index> SafetensorsReader::sides(const std::string& name, Layout layout) const {
  const TensorInfo& info = find(name);
  if (info.dtype != "F16" && info.dtype != "F32" && info.dtype != "F64")
    fail("tensor " + name + ": expected F16, F32 or F64, found " + info.dtype);
  const std::size_t expected = layout == Layout::vector ? 1 : 2;
  if (info.shape.size() != expected) {
    fail("tensor " + name + ": expected " + std::to_string(expected) + " dimensions, found " +
         std::to_string(info.shape.size()));
  }
  return {layout == Layout::vector ? 1 : info.shape[0], info.shape.back()};
}

void SafetensorsReader::check(const std::string& name, Index rows, Index cols, Layout layout) const {
  auto [found_rows, found_cols] = sides(name, layout);
  if (layout == Layout::transposed) std::swap(found_rows, found_cols);
  if (found_rows == rows && found_cols == cols) return;
  throw ShapeError(path_ + ": tensor " + name + " is " + shape_string(found_rows, found_cols) + ", expected " +
                   shape_string(rows, cols));
}

template <class T>
Tensor<T> SafetensorsReader::read(const std::string& name, Layout layout) {
  const auto [rows, cols] = sides(name, layout);
  const TensorInfo& info = find(name);
  const bool transposed = layout == Layout::transposed;
  Tensor<T> out(transposed ? cols : rows, transposed ? rows : cols);
  if (out.size() == 0) return out;  // also of a side that no loop would come to the end of

  const auto width = dtype_size(info.dtype);
  std::vector<char> bytes(static_cast<std::size_t>(std::min(rows, kTransposeBlock) * cols) * width);
  std::vector<T> block(static_cast<std::size_t>(std::min(rows, kTransposeBlock) * cols));
  seek(info);
  for (Index first = 0; first < rows; first += kTransposeBlock) {
    const Index count = std::min(kTransposeBlock, rows - first), n = count * cols;
    if (!file_.read(bytes.data(), static_cast<std::streamsize>(static_cast<std::size_t>(n) * width)))
      fail("read error in tensor " + name);
    T* to = transposed ? block.data() : out.data() + first * cols;
    if (info.dtype == "F16")
      convert<Half>(bytes.data(), n, to);
    else if (info.dtype == "F32")
      convert<float>(bytes.data(), n, to);
    else
      convert<double>(bytes.data(), n, to);
    if (!transposed) continue;
    transpose({block.data(), count, cols}, cols, out.data() + first, out.cols());
  }
  return out;
}

std::vector<std::int64_t> SafetensorsReader::read_integers(const std::string& name) {
  const TensorInfo& info = find(name);
  if (info.dtype != "I32" && info.dtype != "I64") fail("tensor " + name + ": expected I32 or I64, found " + info.dtype);
  if (info.shape.size() != 1)
    fail("tensor " + name + ": expected 1 dimension, found " + std::to_string(info.shape.size()));
  std::vector<char> bytes(info.end - info.begin);
  seek(info);
  if (!file_.read(bytes.data(), std::ssize(bytes))) fail("read error in tensor " + name);
  std::vector<std::int64_t> out(static_cast<std::size_t>(info.shape[0]));
  if (info.dtype == "I32")
    convert<std::int32_t>(bytes.data(), info.shape[0], out.data());
  else
    convert<std::int64_t>(bytes.data(), info.shape[0], out.data());
  return out;
}

template <class T>
std::string safetensors_header(const std::string& path, const std::vector<NamedTensor<T>>& tensors,
                               const Metadata& metadata, Precision precision) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const NamedTensor<T>& t : tensors) {
    if (t.name == "__metadata__") throw Error(path + ": " + t.name + " is no name for a tensor");
    if (header.contains(t.name)) throw Error(path + ": " + t.name + " is the name of two tensors");
    const TensorInfo info = t.source ? t.source->tensors().at(t.name) : description(t, precision);
    const std::uint64_t end = offset + (info.end - info.begin);
    header[t.name] = {{"dtype", info.dtype}, {"shape", info.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(path + ": a name or metadata string is not UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data starts on 8 bytes
  const std::uint64_t size = text.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + text;
}

template <class T>
std::string write_safetensors(const std::string& path, const std::vector<NamedTensor<T>>& tensors,
                              const Metadata& metadata, Precision precision) {
  const std::string header = safetensors_header(path, tensors, metadata, precision);
  AtomicFile file(path);
  file.write(header.data(), header.size());
  for (const NamedTensor<T>& t : tensors) {
    if (t.source)
      t.source->copy(t.name, file);
    else if (!with_integers(t, [&](auto numbers, const char*) { file.write(numbers.data(), numbers.size_bytes()); }))
      write_matrix(file, path, t, precision);
  }
  return file.commit();
}

template Tensor<float> SafetensorsReader::read(const std::string&, Layout);
template Tensor<double> SafetensorsReader::read(const std::string&, Layout);
template std::string safetensors_header(const std::string&, const std::vector<NamedTensor<float>>&, const Metadata&,
                                        Precision);
template std::string safetensors_header(const std::string&, const std::vector<NamedTensor<double>>&, const Metadata&,
                                        Precision);
template std::string write_safetensors(const std::string&, const std::vector<NamedTensor<float>>&, const Metadata&,
                                       Precision);
template std::string write_safetensors(const std::string&, const std::vector<NamedTensor<double>>&, const Metadata&,
                                       Precision);

}  // namespace ad::nn
