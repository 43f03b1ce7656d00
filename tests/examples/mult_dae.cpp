// Mult-DAE (Liang et al. 2018) from the layers and the data module alone: a denoising autoencoder of what users like,
// beside popularity, by the recall of held-out users' items in lists of 20.
//
//   mult_dae FILE       interactions in any format that recvae_train reads
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <numeric>
#include <vector>

#include "autodiff/autodiff.h"
#include "data/data.h"
#include "nn/nn.h"

namespace data = recvae::data;

struct MultDae {
  ad::nn::Seed seed{1};
  ad::nn::SparseLinear<float> encoder;
  ad::nn::Linear<float> decoder;
  explicit MultDae(ad::Index items) : encoder(items, 200, seed), decoder(200, items, seed) {}
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("encoder", self.encoder);
    f("decoder", self.decoder);
  }
  ad::Var<float> code(ad::Tape<float>& tape, const ad::CsrView<float>& x) const { return ad::tanh(encoder(tape, x)); }
};

// Rows [first, last) as a sparse matrix, each of norm 1, and as they are.
struct Rows {
  std::vector<std::int64_t> indptr{0};
  std::vector<std::int32_t> items;
  std::vector<float> values;
  std::int32_t cols;
  Rows(const data::Csr& from, const std::vector<std::int32_t>& users) : cols(from.cols) {
    for (std::int32_t u : users) {
      const auto row = from.row(u);
      items.insert(items.end(), row.begin(), row.end());
      values.insert(values.end(), row.size(), 1 / std::sqrt(static_cast<float>(std::max<std::size_t>(1, row.size()))));
      indptr.push_back(static_cast<std::int64_t>(items.size()));
    }
  }
  ad::CsrView<float> ones() const { return {std::ssize(indptr) - 1, cols, indptr.data(), items.data(), nullptr}; }
  ad::CsrView<float> scaled() const {
    return {std::ssize(indptr) - 1, cols, indptr.data(), items.data(), values.data()};
  }
};

// Mean over users of the hits among their 20 best unseen items / min(20, targets).
double recall(const data::HeldOut& users, ad::ConstMatrix<float> scores) {
  double sum = 0;
  std::vector<std::int32_t> order(static_cast<std::size_t>(scores.cols));
  for (std::int64_t u = 0; u < users.targets.rows(); ++u) {
    const float* row = scores.rows == 1 ? scores.data : scores.row(u);
    std::iota(order.begin(), order.end(), 0);
    std::erase_if(order, [&](std::int32_t i) { return std::ranges::binary_search(users.history.row(u), i); });
    std::ranges::partial_sort(order, order.begin() + std::min<std::ptrdiff_t>(20, std::ssize(order)), std::greater{},
                              [&](std::int32_t i) { return row[i]; });
    const auto targets = users.targets.row(u);
    double hits = 0;
    for (std::size_t k = 0; k < 20 && k < order.size(); ++k) hits += std::ranges::binary_search(targets, order[k]);
    sum += hits / static_cast<double>(std::min<std::size_t>(20, targets.size()));
    order.resize(static_cast<std::size_t>(scores.cols));
  }
  return sum / static_cast<double>(users.targets.rows());
}

int main(int argc, char** argv) try {
  if (argc != 2) return std::fprintf(stderr, "usage: mult_dae FILE\n"), 2;
  data::DataOptions options;
  options.path = argv[1];
  options.heldout_users = 100;
  const data::Dataset dataset = data::load(options);
  ad::Tensor<float> popularity(1, dataset.train.cols);
  for (std::int32_t item : dataset.train.items) popularity(0, item) += 1;

  MultDae model(dataset.train.cols);
  ad::nn::Adam<float> adam;
  ad::Tape<float> tape;
  constexpr std::int64_t kBatch = 100;
  for (std::uint64_t epoch = 0, step = 0; epoch < 30; ++epoch) {
    for (std::int64_t first = 0; first < dataset.train.rows(); first += kBatch, ++step) {
      std::vector<std::int32_t> users(data::as_size(std::min(kBatch, dataset.train.rows() - first)));
      std::iota(users.begin(), users.end(), static_cast<std::int32_t>(first));
      const Rows rows(dataset.train, users);
      const auto noisy = ad::dropout(tape, rows.scaled(), 0.5, {.seed = 5, .step = step});
      const auto fit = ad::multinomial_log_likelihood(model.code(tape, noisy), tape.parameter(model.decoder.weight),
                                                      tape.parameter(model.decoder.bias), rows.ones());
      tape.backward(-ad::mean(fit));
      adam.step(model, tape);
      tape.reset();
    }
  }
  const auto no_grad = tape.no_grad();
  std::vector<std::int32_t> users(data::as_size(dataset.test.history.rows()));
  std::iota(users.begin(), users.end(), 0);
  const auto scores = model.decoder(model.code(tape, Rows(dataset.test.history, users).scaled()));
  const double found = recall(dataset.test, scores.value()), popular = recall(dataset.test, popularity.view());
  std::printf("Recall@20 of %zu users: popularity %.4f, Mult-DAE %.4f\n", users.size(), popular, found);
  return found > popular ? 0 : 1;
} catch (const std::exception& e) {
  return std::fprintf(stderr, "mult_dae: %s\n", e.what()), 1;
}
