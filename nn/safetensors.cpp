#include "safetensors.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

namespace ad::nn {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

using Json = nlohmann::ordered_json;  // keeps the order of names

constexpr std::uint64_t kLargestHeader = std::uint64_t{1} << 30;
constexpr Index kTransposeBlock = 16;  // rows of the file at a time
constexpr std::size_t kCopyBlock = std::size_t{1} << 20;

std::uint64_t dtype_size(const std::string& dtype) {
  static const std::map<std::string, std::uint64_t> sizes = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2},
                                                             {"I64", 8}, {"I32", 4}, {"I16", 2}, {"I8", 1},
                                                             {"U8", 1},  {"BOOL", 1}};
  const auto it = sizes.find(dtype);
  return it == sizes.end() ? 0 : it->second;
}

template <class From, class T>
void convert(const char* bytes, Index n, T* out) {
  for (Index i = 0; i < n; ++i) {
    From v;
    std::memcpy(&v, bytes + static_cast<std::size_t>(i) * sizeof(From), sizeof(From));
    out[i] = static_cast<T>(v);
  }
}

// What a file says of a tensor in memory that starts its data.
template <class T>
TensorInfo description(const NamedTensor<T>& t) {
  std::vector<Index> shape = {t.value.rows, t.value.cols};
  if (t.layout == Layout::vector) shape = {t.value.cols};
  if (t.layout == Layout::transposed) shape = {t.value.cols, t.value.rows};
  return {sizeof(T) == 4 ? "F32" : "F64", shape, 0, static_cast<std::uint64_t>(t.value.size()) * sizeof(T)};
}

// A file under another name until it is whole: gone at the end, unless it was renamed.
struct TemporaryFile {
  std::string path;
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

}  // namespace

void SafetensorsReader::fail(const std::string& what) const { throw Error(path_ + ": " + what); }

SafetensorsReader::SafetensorsReader(std::string path) : path_(std::move(path)), file_(path_, std::ios::binary) {
  if (!file_ || std::filesystem::is_directory(path_)) fail("cannot be opened");
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
  file_.read(text.data(), static_cast<std::streamsize>(header_size));
  const Json header = Json::parse(text, nullptr, false);
  if (!header.is_object()) fail("not a safetensors file: its header is not a JSON object");

  std::vector<std::pair<std::uint64_t, std::uint64_t>> pieces;  // of the data, by tensor
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (!entry.is_object()) fail("__metadata__ is not an object of strings");
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) fail("__metadata__ is not an object of strings");
        metadata_[key] = value.get<std::string>();
      }
      continue;
    }
    const auto bad = [&, name = name] { fail("tensor " + name + ": the header's entry is malformed"); };
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() || !entry.contains("shape") ||
        !entry["shape"].is_array() || !entry.contains("data_offsets") || !entry["data_offsets"].is_array() ||
        entry["data_offsets"].size() != 2) {
      bad();
    }
    TensorInfo info;
    info.dtype = entry["dtype"].get<std::string>();
    std::uint64_t bytes = dtype_size(info.dtype);
    for (const Json& side : entry["shape"]) {
      if (!side.is_number_unsigned()) bad();
      const auto n = side.get<std::uint64_t>();
      if (n != 0 && bytes > std::numeric_limits<std::int64_t>::max() / n) bad();
      bytes *= n;
      info.shape.push_back(static_cast<Index>(n));
    }
    for (const Json& offset : entry["data_offsets"]) {
      if (!offset.is_number_unsigned()) bad();
    }
    info.begin = entry["data_offsets"][0].get<std::uint64_t>();
    info.end = entry["data_offsets"][1].get<std::uint64_t>();
    if (info.begin > info.end || (dtype_size(info.dtype) != 0 && info.end - info.begin != bytes)) bad();
    if (info.end > file_size - data_begin_) {
      fail("truncated: tensor " + name + " ends at byte " + std::to_string(info.end) + " of " +
           std::to_string(file_size - data_begin_) + " bytes of data");
    }
    pieces.emplace_back(info.begin, info.end);
    tensors_[name] = std::move(info);
  }
  std::sort(pieces.begin(), pieces.end());
  std::uint64_t covered = 0;
  for (const auto& [begin, end] : pieces) {
    if (begin != covered)
      fail("not a sound safetensors file: tensors overlap or leave a gap at byte " + std::to_string(covered));
    covered = end;
  }
  if (covered != file_size - data_begin_) {
    fail("not a sound safetensors file: tensors cover " + std::to_string(covered) + " of " +
         std::to_string(file_size - data_begin_) + " bytes of data");
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

void SafetensorsReader::copy(const std::string& name, std::ostream& to) {
  const TensorInfo& info = find(name);
  std::vector<char> bytes(std::min<std::uint64_t>(info.end - info.begin, kCopyBlock));
  seek(info);
  for (std::uint64_t left = info.end - info.begin; left > 0;) {
    const auto n = static_cast<std::streamsize>(std::min<std::uint64_t>(left, bytes.size()));
    if (!file_.read(bytes.data(), n)) fail("read error in tensor " + name);
    to.write(bytes.data(), n);
    left -= static_cast<std::uint64_t>(n);
  }
}

template <class T>
Tensor<T> SafetensorsReader::read(const std::string& name, Layout layout) {
  const TensorInfo& info = find(name);
  if (info.dtype != "F32" && info.dtype != "F64") fail("tensor " + name + ": expected F32 or F64, found " + info.dtype);
  const std::size_t expected = layout == Layout::vector ? 1 : 2;
  if (info.shape.size() != expected) {
    fail("tensor " + name + ": expected " + std::to_string(expected) + " dimensions, found " +
         std::to_string(info.shape.size()));
  }
  const Index rows = layout == Layout::vector ? 1 : info.shape[0], cols = info.shape.back();
  const bool transposed = layout == Layout::transposed;
  Tensor<T> out(transposed ? cols : rows, transposed ? rows : cols);

  const auto width = dtype_size(info.dtype);
  std::vector<char> bytes(static_cast<std::size_t>(std::min(rows, kTransposeBlock) * cols) * width);
  std::vector<T> block(static_cast<std::size_t>(std::min(rows, kTransposeBlock) * cols));
  seek(info);
  for (Index first = 0; first < rows; first += kTransposeBlock) {
    const Index count = std::min(kTransposeBlock, rows - first), n = count * cols;
    if (!file_.read(bytes.data(), static_cast<std::streamsize>(static_cast<std::size_t>(n) * width)))
      fail("read error in tensor " + name);
    T* to = transposed ? block.data() : out.data() + first * cols;
    if (width == sizeof(float))
      convert<float>(bytes.data(), n, to);
    else
      convert<double>(bytes.data(), n, to);
    for (Index j = 0; transposed && j < cols; ++j) {
      for (Index i = 0; i < count; ++i) out(j, first + i) = block[static_cast<std::size_t>(i * cols + j)];
    }
  }
  return out;
}

template <class T>
void write_safetensors(const std::string& path, const std::vector<NamedTensor<T>>& tensors, const Metadata& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const NamedTensor<T>& t : tensors) {
    const TensorInfo info = t.source ? t.source->tensors().at(t.name) : description(t);
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

  const TemporaryFile temporary{path + ".part"};
  std::ofstream file(temporary.path, std::ios::binary | std::ios::trunc);
  const std::uint64_t header_size = text.size();
  file.write(reinterpret_cast<const char*>(&header_size), sizeof header_size);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  std::vector<T> block;
  for (const NamedTensor<T>& t : tensors) {
    if (t.source) {
      t.source->copy(t.name, file);
      continue;
    }
    if (t.layout != Layout::transposed) {
      file.write(reinterpret_cast<const char*>(t.value.data),
                 static_cast<std::streamsize>(static_cast<std::size_t>(t.value.size()) * sizeof(T)));
      continue;
    }
    for (Index first = 0; first < t.value.cols; first += kTransposeBlock) {
      const Index count = std::min(kTransposeBlock, t.value.cols - first);
      block.resize(static_cast<std::size_t>(count * t.value.rows));
      for (Index i = 0; i < t.value.rows; ++i) {
        for (Index c = 0; c < count; ++c) block[static_cast<std::size_t>(c * t.value.rows + i)] = t.value(i, first + c);
      }
      file.write(reinterpret_cast<const char*>(block.data()), static_cast<std::streamsize>(block.size() * sizeof(T)));
    }
  }
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(temporary.path, path, error);
  if (!file || error) throw Error(path + ": cannot be written");
}

template Tensor<float> SafetensorsReader::read(const std::string&, Layout);
template Tensor<double> SafetensorsReader::read(const std::string&, Layout);
template void write_safetensors(const std::string&, const std::vector<NamedTensor<float>>&, const Metadata&);
template void write_safetensors(const std::string&, const std::vector<NamedTensor<double>>&, const Metadata&);

}  // namespace ad::nn
