#include "export.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "../../data/error.h"
#include "../../nn/atomic_file.h"
#include "../evaluate/user_code.h"
#include "npy.h"

namespace recvae {
namespace {

using ad::Index;

constexpr Index kBlock = 1024;  // rows

/// Writes folder/`tokens_name`, and the matrix [tokens, cols] as folder/name.npy and folder/name.safetensors, a block
/// at a time, which fill(first row, block) sets.
template <class Fill>
void export_rows(const std::string& folder, const std::string& name, const std::string& tokens_name,
                 const std::vector<std::string>& tokens, Index cols, const BetweenBlocks& between, const Fill& fill) {
  const std::filesystem::path within = folder;
  const std::string lines_path = within / tokens_name, path = within / name;
  std::string lines;
  for (const std::string& token : tokens) {
    if (token.find_first_of("\r\n") != token.npos)
      throw ad::Error(lines_path + ": expected ids without line breaks, found " + data::excerpt(token));
    lines.append(token).append("\n");
  }
  const Index rows = std::ssize(tokens);
  ad::nn::AtomicFile list(lines_path), npy(path + ".npy"), safetensors(path + ".safetensors");
  list.write(lines.data(), lines.size());
  const std::string npy_start = npy_header(rows, cols), safetensors_start = ad::nn::safetensors_header<float>(
                                                            path + ".safetensors", {{name, {nullptr, rows, cols}}}, {});
  npy.write(npy_start.data(), npy_start.size());
  safetensors.write(safetensors_start.data(), safetensors_start.size());
  ad::Tensor<float> memory(std::min(kBlock, rows), cols);
  for (Index first = 0; first < rows; first += kBlock) {
    if (between) between();
    const ad::Matrix<float> block{memory.data(), std::min(kBlock, rows - first), cols};
    fill(first, block);
    for (ad::nn::AtomicFile* file : {&npy, &safetensors}) file->write(block.data, block.span().size_bytes());
  }
  for (ad::nn::AtomicFile* file : {&list, &npy, &safetensors}) file->commit();
}

/// row <- the numbers of `from` and then `last`.
void set_row(const float* from, float last, float* row, Index cols) {
  std::copy_n(from, cols - 1, row);
  row[cols - 1] = last;
}

}  // namespace

void export_item_vectors(const std::string& folder, const LoadedModel& from, const BetweenBlocks& between) {
  const RecVae<float>& model = from.model;
  if (std::ssize(from.item_tokens) != model.items()) {
    throw ad::Error("item vectors: expected " + std::to_string(model.items()) + " item tokens, found " +
                    std::to_string(from.item_tokens.size()));
  }
  const ad::ConstMatrix<float> weight = model.decoder.weight.value;
  export_rows(folder, "item_vectors", "items.txt", from.item_tokens, model.decoder.width() + 1, between,
              [&](Index first, ad::Matrix<float> block) {
                for (Index i = 0; i < block.rows; ++i)
                  set_row(weight.row(first + i), model.decoder.bias.value(0, first + i), block.row(i), block.cols);
              });
}

void export_user_codes(const std::string& folder, const RecVae<float>& model, const data::Csr& histories,
                       const std::vector<std::string>& user_tokens, const BetweenBlocks& between) {
  if (std::ssize(user_tokens) != histories.rows()) {
    throw ad::Error("user codes: expected " + std::to_string(histories.rows()) + " user tokens, found " +
                    std::to_string(user_tokens.size()));
  }
  const UserCode code(model);
  export_rows(folder, "user_codes", "users.txt", user_tokens, code.width() + 1, between,
              [&](Index first, ad::Matrix<float> block) {
                const ad::Tensor<float> codes = code.of_rows(histories, first, block.rows);
                for (Index u = 0; u < block.rows; ++u) set_row(codes.view().row(u), 1, block.row(u), block.cols);
                if (!std::ranges::all_of(block.span(), [](float x) { return std::isfinite(x); }))
                  throw ad::Error("the model's codes are not finite numbers: its weights are too large");
              });
}

}  // namespace recvae
