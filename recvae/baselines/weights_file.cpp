#include "weights_file.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../../data/error.h"
#include "../../data/vocabulary.h"

namespace recvae {
namespace {

using ad::Index;
using ad::nn::SafetensorsReader;
using data::as_size;

constexpr const char* kFormats = "recvae item weights ";  // of any number
constexpr const char* kFormat = "recvae item weights 1";

const std::string& metadata_of(const SafetensorsReader& file, const std::string& name) {
  const auto at = file.metadata().find(name);
  if (at == file.metadata().end()) throw ad::Error(file.path() + ": " + name + " is missing in the metadata");
  return at->second;
}

const ad::nn::TensorInfo& tensor_of(const SafetensorsReader& file, const std::string& name) {
  const auto at = file.tensors().find(name);
  if (at == file.tensors().end())
    throw ad::Error(file.path() + ": tensor " + name + " is missing: not a file of item weights");
  return at->second;
}

void expect_tensors(const SafetensorsReader& file, std::initializer_list<const char*> names) {
  for (const char* name : names) tensor_of(file, name);
  for (const auto& [name, info] : file.tensors()) {
    if (std::ranges::find(names, name) == names.end()) throw ad::Error(file.path() + ": surplus tensor " + name);
  }
}

/// Also so small that no sum over all `items` is beyond what a float holds.
template <class T>
void expect_finite(const std::string& path, const char* tensor, std::span<const T> numbers, std::int64_t items) {
  const double most = std::numeric_limits<float>::max() / 2 / static_cast<double>(items);
  if (!std::ranges::all_of(numbers, [&](T v) { return std::abs(double{v}) <= most; }))
    throw ad::Error(path + ": tensor " + tensor + " has a value that is not a finite number, or too large");
}

template <class T>
ItemWeights read_whole(SafetensorsReader& file) {
  ad::Tensor<T> weights = file.read<T>("weights");
  if (weights.rows() != weights.cols() || weights.rows() < 1)
    throw ad::Error(file.path() + ": tensor weights: expected a square, found " + shape_string(weights.view()));
  expect_finite<T>(file.path(), "weights", weights.view().span(), weights.rows());
  return {std::move(weights)};
}

ItemWeights read_sparse(SafetensorsReader& file) {
  const auto fail = [&](const std::string& what) { throw ad::Error(file.path() + ": " + what); };
  SparseWeights sparse;
  sparse.places.indptr = file.read_integers("indptr");
  const std::vector<std::int64_t> items = file.read_integers("indices");
  const std::vector<std::int64_t>& indptr = sparse.places.indptr;
  const std::int64_t rows = std::ssize(indptr) - 1;
  if (rows < 1 || rows > std::numeric_limits<std::int32_t>::max() || indptr.front() != 0 ||
      indptr.back() != std::ssize(items) || !std::ranges::is_sorted(indptr)) {
    fail("tensor indptr: expected numbers that ascend from 0 to " + std::to_string(items.size()) +
         ", the length of indices, one more than there are items");
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t k = indptr[as_size(i)]; k < indptr[as_size(i) + 1]; ++k) {
      const std::int64_t item = items[as_size(k)], before = k > indptr[as_size(i)] ? items[as_size(k - 1)] : -1;
      if (item <= before || item >= rows) {
        fail("tensor indices: expected ascending places of row " + std::to_string(i) + " below " +
             std::to_string(rows) + ", found " + std::to_string(item));
      }
    }
  }
  sparse.places.cols = static_cast<std::int32_t>(rows);
  sparse.places.items.own().assign(items.begin(), items.end());
  const ad::Tensor<float> values = file.read<float>("data", ad::nn::Layout::vector);
  if (values.size() != std::ssize(items))
    fail("tensor data: expected " + std::to_string(items.size()) + " numbers, found " + std::to_string(values.size()));
  expect_finite<float>(file.path(), "data", values.view().span(), rows);
  sparse.values.assign(values.data(), values.data() + values.size());
  return {std::move(sparse)};
}

ItemWeights read_weights(SafetensorsReader& file) {
  if (!file.contains("weights")) {
    expect_tensors(file, {"indptr", "indices", "data"});
    return read_sparse(file);
  }
  expect_tensors(file, {"weights"});
  return tensor_of(file, "weights").dtype == "F64" ? read_whole<double>(file) : read_whole<float>(file);
}

}  // namespace

void save_weights(const std::string& path, const std::string& baseline, const ItemWeights& weights,
                  const ModelMetadata& metadata, ad::nn::Precision precision) {
  ad::nn::Metadata of_file = file_metadata(path, kFormat, metadata);
  of_file["baseline"] = baseline;
  if (const auto* sparse = std::get_if<SparseWeights>(&weights.w)) {
    const auto count = static_cast<Index>(sparse->values.size());
    std::vector<ad::nn::NamedTensor<float>> tensors{
        {"indptr", {}}, {"indices", {}}, {"data", {sparse->values.data(), 1, count}, ad::nn::Layout::vector}};
    tensors[0].long_integers = sparse->places.indptr;
    tensors[1].integers = sparse->places.items;
    ad::nn::write_safetensors(path, tensors, of_file, precision);
  } else if (const auto* wide = std::get_if<ad::Tensor<double>>(&weights.w)) {
    ad::nn::write_safetensors<double>(path, {{"weights", *wide}}, of_file, precision);
  } else {
    ad::nn::write_safetensors<float>(path, {{"weights", std::get<ad::Tensor<float>>(weights.w)}}, of_file, precision);
  }
}

void save_for_serving(const std::string& path, const LoadedWeights& from, ad::nn::Precision precision) {
  const auto save = [&](const ItemWeights& weights) {
    save_weights(path, from.baseline, weights, {from.settings, from.item_tokens, from.trained_on}, precision);
  };
  const auto* wide = std::get_if<ad::Tensor<double>>(&from.weights->w);
  if (!wide || precision == ad::nn::Precision::half) return save(*from.weights);
  ad::Tensor<float> narrow(wide->rows(), wide->cols());
  std::transform(wide->data(), wide->data() + wide->size(), narrow.data(),
                 [](double v) { return static_cast<float>(v); });
  save({std::move(narrow)});
}

bool holds_item_weights(const std::string& path) {
  const SafetensorsReader file(path);
  const auto format = file.metadata().find("format");
  return format != file.metadata().end() && format->second.starts_with(kFormats);
}

LoadedWeights load_weights(const std::string& path) {
  SafetensorsReader file(path);
  if (const std::string& format = metadata_of(file, "format"); format != kFormat) {
    throw ad::Error(path + ": format: expected '" + kFormat + "', found " + data::excerpt(format));
  }
  LoadedWeights loaded{metadata_of(file, "baseline"), nullptr, {}, metadata_of(file, "settings"), ""};
  try {
    validate(settings_from_json(loaded.settings));
  } catch (const std::exception& e) {
    throw ad::Error(path + ": " + e.what());
  }
  loaded.trained_on = metadata_of(file, "trained_on");
  loaded.weights = std::make_shared<const ItemWeights>(read_weights(file));
  loaded.item_tokens = read_item_tokens(path, metadata_of(file, "item_tokens"), loaded.weights->items());
  return loaded;
}

bool reorder_items(LoadedWeights& loaded, const std::vector<std::string>& item_tokens) {
  if (loaded.item_tokens == item_tokens) return true;
  const data::Vocabulary known(loaded.item_tokens);
  std::vector<std::int32_t> from;
  for (const std::string& token : item_tokens) from.push_back(known.find(token));
  if (loaded.item_tokens.size() != item_tokens.size() || std::ranges::count(from, -1) > 0) return false;
  loaded.weights = std::make_shared<const ItemWeights>(reordered(*loaded.weights, from));
  loaded.item_tokens = item_tokens;
  return true;
}

}  // namespace recvae
