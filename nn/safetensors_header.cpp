#include "safetensors_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace ad::nn {
namespace {

constexpr std::size_t kLongestName = 1024, kMostEntries = 100'000, kMostSides = 16;

/// Takes the header's values as the parser meets them. What may come depends on the depth alone (1: names, 2: the
/// members of a tensor or of the metadata, 3: in a list of a tensor), so nothing nests and no tree is built.
class HeaderHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderHandler(SafetensorsHeader& header) : header_(header) {}

  bool start_object(std::size_t) override {
    if (depth_ == 1) {
      if (!in_metadata()) tensor_ = {}, has_shape_ = false, offsets_.clear();
    } else if (depth_ != 0) {
      refuse();
    }
    ++depth_;
    return true;
  }
  bool end_object() override {
    if (--depth_ == 1 && !in_metadata()) end_tensor();
    return true;
  }
  bool key(std::string& name) override {
    if (name.size() > kLongestName)
      fail("has a name of " + std::to_string(name.size()) + " bytes, expected at most " + std::to_string(kLongestName));
    if (!in_metadata() && has_control_character(name)) fail("has a name with control characters");
    if (depth_ == 2) {
      if (!in_metadata() && ((name == "dtype" && !tensor_.dtype.empty()) || (name == "shape" && has_shape_))) refuse();
      member_ = name;
      return true;
    }
    const bool is_new = name == "__metadata__" ? !std::exchange(has_metadata_, true) : header_.tensors.count(name) == 0;
    if (!is_new) fail("has the name " + name + " twice");
    if (header_.tensors.size() == kMostEntries) fail("has more than " + std::to_string(kMostEntries) + " tensors");
    name_ = name;
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata() || (member_ != "shape" && member_ != "data_offsets")) refuse();
    if (member_ == "shape") has_shape_ = true;
    ++depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool string(std::string& text) override {
    if (depth_ == 2 && in_metadata()) {
      if (!header_.metadata.emplace(member_, std::move(text)).second) fail("has the name " + member_ + " twice");
      if (header_.metadata.size() > kMostEntries)
        fail("has more than " + std::to_string(kMostEntries) + " metadata entries");
      return true;
    }
    if (depth_ != 2 || member_ != "dtype" || text.empty() || text.size() > kLongestName || has_control_character(text))
      refuse();
    tensor_.dtype = std::move(text);
    return true;
  }
  bool number_unsigned(number_unsigned_t n) override {
    if (depth_ != 3) refuse();
    if (member_ == "shape") {
      if (n > kLargest || tensor_.shape.size() == kMostSides) refuse();
      tensor_.shape.push_back(static_cast<Index>(n));
    } else {
      if (offsets_.size() == 2) refuse();
      offsets_.push_back(n);
    }
    return true;
  }
  bool number_integer(number_integer_t) override { refuse(); }
  bool number_float(number_float_t, const string_t&) override { refuse(); }
  bool boolean(bool) override { refuse(); }
  bool null() override { refuse(); }
  bool binary(binary_t&) override { refuse(); }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::json::exception&) override {
    fail("is not JSON at byte " + std::to_string(at));
  }

 private:
  static constexpr std::uint64_t kLargest = std::numeric_limits<Index>::max();

  bool in_metadata() const { return name_ == "__metadata__"; }
  [[noreturn]] static void fail(const std::string& what) {
    throw Error("not a sound safetensors file: its header " + what);
  }
  [[noreturn]] void refuse() const {
    if (depth_ == 0) throw Error("not a safetensors file: its header is not a JSON object");
    if (in_metadata()) throw Error("__metadata__ is not an object of strings");
    throw Error("tensor " + name_ +
                ": the header's entry is malformed: expected dtype, shape and data_offsets, of as many bytes as the "
                "shape has");
  }
  void end_tensor() {
    if (tensor_.dtype.empty() || !has_shape_ || offsets_.size() != 2) refuse();
    tensor_.begin = offsets_[0];
    tensor_.end = offsets_[1];
    const std::uint64_t width = dtype_size(tensor_.dtype);
    std::uint64_t bytes = width, positive = std::max<std::uint64_t>(width, 1);  // without sides of 0: no overflow hides
    for (const Index side : tensor_.shape) {
      const auto n = static_cast<std::uint64_t>(side);
      if (positive > kLargest / std::max<std::uint64_t>(n, 1)) refuse();
      positive *= std::max<std::uint64_t>(n, 1);
      bytes *= n;
    }
    if (tensor_.begin > tensor_.end || (width != 0 && tensor_.end - tensor_.begin != bytes)) refuse();
    header_.tensors.emplace(name_, std::move(tensor_));
  }

  SafetensorsHeader& header_;
  int depth_ = 0;
  std::string name_, member_;
  bool has_metadata_ = false, has_shape_ = false;
  TensorInfo tensor_;
  std::vector<std::uint64_t> offsets_;
};

void expect_whole(const SafetensorsHeader& header, std::uint64_t data_size) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pieces;
  for (const auto& [name, info] : header.tensors) {
    pieces.emplace_back(info.begin, info.end);
    if (info.end <= data_size) continue;
    throw Error("truncated: tensor " + name + " ends at byte " + std::to_string(info.end) + " of " +
                std::to_string(data_size) + " bytes of data");
  }
  std::sort(pieces.begin(), pieces.end());
  std::uint64_t covered = 0;
  for (const auto& [begin, end] : pieces) {
    if (begin != covered) {
      throw Error("not a sound safetensors file: tensors overlap or leave a gap at byte " + std::to_string(covered));
    }
    covered = end;
  }
  if (covered != data_size) {
    throw Error("not a sound safetensors file: tensors cover " + std::to_string(covered) + " of " +
                std::to_string(data_size) + " bytes of data");
  }
}

}  // namespace

bool has_control_character(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::uint64_t dtype_size(const std::string& dtype) {
  static const std::map<std::string, std::uint64_t> sizes = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2},
                                                             {"I64", 8}, {"I32", 4}, {"I16", 2}, {"I8", 1},
                                                             {"U8", 1},  {"BOOL", 1}};
  const auto it = sizes.find(dtype);
  return it == sizes.end() ? 0 : it->second;
}

SafetensorsHeader parse_safetensors_header(const std::string& text, std::uint64_t data_size) {
  SafetensorsHeader header;
  HeaderHandler handler(header);
  nlohmann::json::sax_parse(text, &handler);
  expect_whole(header, data_size);
  return header;
}

}  // namespace ad::nn
