#include "recvae/baselines/item_weights.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>

#include "../fit_problem.h"
#include "../support.h"
#include "nn/atomic_file.h"
#include "recvae/baselines/baselines.h"
#include "recvae/baselines/ease.h"
#include "recvae/baselines/weights_file.h"

using namespace recvae;
using recvae::test::csr;

namespace {

std::vector<float> scores(const ItemWeights& weights, const data::Csr& histories) {
  const auto scorer = item_weights_scorer(std::make_shared<ItemWeights>(weights));
  ad::Tensor<float> all(histories.rows(), histories.cols);
  scorer->score(histories, 0, all);
  return {all.data(), all.data() + all.size()};
}

std::vector<std::string> tokens(std::int64_t n) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < n; ++i) names.push_back("item" + std::to_string(i));
  return names;
}

const std::string kSettings = to_json(Settings{}), kTrainedOn = "rows";

void save(const std::string& path, const ItemWeights& weights) {
  const auto names = tokens(weights.items());
  save_weights(path, "ease", weights, {kSettings, names, kTrainedOn});
}

/// A sparse file with these tensors, of three items.
void save_parts(const std::string& path, const std::vector<std::int64_t>& indptr,
                const std::vector<std::int32_t>& indices, std::vector<float> values) {
  std::vector<ad::nn::NamedTensor<float>> tensors{
      {"indptr", {}}, {"indices", {}}, {"data", {values.data(), 1, std::ssize(values)}, ad::nn::Layout::vector}};
  tensors[0].long_integers = indptr;
  tensors[1].integers = indices;
  ad::nn::write_safetensors(path, tensors,
                            {{"format", "recvae item weights 1"},
                             {"baseline", "ease"},
                             {"settings", kSettings},
                             {"trained_on", ""},
                             {"item_tokens", R"(["a", "b", "c"])"}});
}

std::string refusal(const std::string& path) {
  try {
    load_weights(path);
  } catch (const ad::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("ease and edlae are NumPy's, in double") {
  ad::nn::SafetensorsReader golden(RECVAE_GOLDEN "/edlae.safetensors");
  const auto dense = golden.read<double>("x");
  data::Csr x;
  x.cols = static_cast<std::int32_t>(dense.cols());
  for (ad::Index u = 0; u < dense.rows(); ++u) {
    std::vector<std::int32_t> row;
    for (std::int32_t i = 0; i < x.cols; ++i) {
      if (dense(u, i) == 1) row.push_back(i);
    }
    x.append(row);
  }
  const auto check = [&](const char* name, double lambda, double dropout) {
    const auto expected = golden.read<double>(name);
    const auto found = ease_weights<double>(x, lambda, dropout);
    double distance = 0;
    for (ad::Index k = 0; k < found.size(); ++k)
      distance = std::max(distance, std::abs(found.data()[k] - expected.data()[k]));
    CHECK(distance < 1e-12);
  };
  check("ease_3", 3, 0);
  check("edlae_3_0.25", 3, 0.25);
  check("edlae_0.5_0.7", 0.5, 0.7);
}

TEST_CASE("pruned: the largest of each column by magnitude, of equal ones the lower items, no zeros") {
  const ItemWeights whole{ad::Tensor<double>(3, 3, {0, 0.5, -1, 2, 0, 0, -3, 0.5, 0})};
  const SparseWeights one = pruned(whole, 1);
  CHECK(one.places == csr(3, {{1, 2}, {}, {0}}));
  CHECK(one.values == std::vector<float>{0.5f, -1, -3});
  const SparseWeights all = pruned(whole, 9);
  CHECK(all.places == csr(3, {{1, 2}, {0}, {0, 1}}));
  CHECK(all.values == std::vector<float>{0.5f, -1, 2, -3, 0.5f});
  const SparseWeights again = pruned({all}, 1);
  CHECK(again.places == one.places);
  CHECK(again.values == one.values);
  const data::Csr histories = csr(3, {{0}, {0, 2}, {}, {0, 1, 2}});
  CHECK(scores(whole, histories) == scores({all}, histories));
  CHECK_THROWS_AS(pruned({ad::Tensor<double>(2, 2, {0, 1e300, 1, 0})}, 1), ad::Error);
}

TEST_CASE("weights come back from a file as they were: whole in both precisions, and sparse") {
  const data::Csr x = test::random_rows(200, 30, 5);
  const ItemWeights wide{ease_weights<double>(x, 3)};
  const test::TempDir dir;
  for (const ItemWeights& weights : {wide, ItemWeights{ease_weights<float>(x, 3, 0.3)}, ItemWeights{pruned(wide, 4)}}) {
    save(dir.path("w"), weights);
    CHECK(holds_item_weights(dir.path("w")));
    LoadedWeights loaded = load_weights(dir.path("w"));
    CHECK(loaded.baseline == "ease");
    CHECK(loaded.settings == kSettings);
    CHECK(loaded.trained_on == kTrainedOn);
    CHECK(loaded.item_tokens == tokens(30));
    CHECK(loaded.weights->w.index() == weights.w.index());
    CHECK(scores(*loaded.weights, x) == scores(weights, x));

    // In another order the same item has the same score, to the rounding of a sum in another order.
    auto other = tokens(30);
    std::ranges::reverse(other);
    CHECK(reorder_items(loaded, other));
    data::Csr mirrored = csr(30, {});
    for (std::int64_t u = 0; u < x.rows(); ++u) {
      std::vector<std::int32_t> row;
      for (const std::int32_t i : x.row(u)) row.insert(row.begin(), 29 - i);
      mirrored.append(row);
    }
    const auto before = scores(weights, x), after = scores(*loaded.weights, mirrored);
    for (std::size_t k = 0; k < before.size(); ++k)
      CHECK(std::abs(before[k] - after[k / 30 * 30 + 29 - k % 30]) < 1e-5);
    other.back() = "stranger";
    CHECK_FALSE(reorder_items(loaded, other));
  }
}

TEST_CASE("sparse weights without any weight come back, too") {
  const test::TempDir dir;
  save(dir.path("w"), {sparse_of_columns({{}, {}, {}})});
  const LoadedWeights loaded = load_weights(dir.path("w"));
  CHECK(loaded.weights->items() == 3);
  CHECK(scores(*loaded.weights, csr(3, {{0, 2}})) == std::vector<float>(3, 0.0f));
}

TEST_CASE("a broken file of weights says what is wrong with it") {
  const test::TempDir dir;
  const std::string path = dir.path("w");
  const auto says = [&](const std::string& what) {
    const std::string message = refusal(path);
    CAPTURE(message);
    CHECK(message.starts_with(path + ": "));
    CHECK(message.find(what) != message.npos);
  };
  save_parts(path, {0, 1, 2, 2}, {2, 0}, {1, 2});
  CHECK(refusal(path).empty());
  save_parts(path, {0, 1, 2, 2}, {3, 0}, {1, 2});
  says("tensor indices: expected ascending places of row 0 below 3, found 3");
  save_parts(path, {0, 1, 2, 2}, {-1, 0}, {1, 2});
  says("found -1");
  save_parts(path, {0, 2, 2, 2}, {1, 1}, {1, 2});
  says("expected ascending places of row 0");
  save_parts(path, {0, 2, 1, 2}, {0, 1}, {1, 2});
  says("tensor indptr");
  save_parts(path, {0, 1, 2, 3}, {0, 1}, {1, 2});
  says("tensor indptr");
  save_parts(path, {0, 1, 2, 2}, {2, 0}, {1, NAN});
  says("tensor data has a value that is not a finite number");
  save_parts(path, {0, 1, 2, 2}, {2, 0}, {1});
  says("tensor data: expected 2 numbers, found 1");
  save_parts(path, {0, 1, 2}, {1, 0}, {1, 2});
  says("item_tokens");
  save(path, {ad::Tensor<float>(2, 3)});
  says("expected a square");
  save(path, {ad::Tensor<float>(2, 2, {0, 1, INFINITY, 0})});
  says("not a finite number, or too large");
  ad::nn::write_file(path, "nothing");
  CHECK_THROWS_AS(holds_item_weights(path), ad::Error);
  CHECK_THROWS_AS(load_weights(dir.path("none")), ad::Error);
}
