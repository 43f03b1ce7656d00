// Matrix factorisation with the pairwise loss of BPR (Rendle et al. 2009), judged by the item of each user that was
// held out: the AUC is the part of the items unknown to the user that score below it.
//
//   bpr FILE        interactions in any format that recvae_train reads
#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include "autodiff/autodiff.h"
#include "data/data.h"
#include "nn/nn.h"

namespace data = recvae::data;

struct Factors {
  ad::nn::Seed seed{1};
  ad::nn::Embedding<float> users, items, bias;
  Factors(ad::Index n_users, ad::Index n_items)
      : users(n_users, 32, seed, 0.1), items(n_items, 32, seed, 0.1), bias(n_items, 1, seed, 0) {}
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("users", self.users);
    f("items", self.items);
    f("bias", self.bias);
  }
  // log sigmoid of how much better a user finds the first item than the second, and L2 on what took part.
  ad::Var<float> loss(ad::Tape<float>& tape, std::span<const std::int32_t> u, std::span<const std::int32_t> i,
                      std::span<const std::int32_t> j) const {
    const auto user = users(tape, u), better = items(tape, i), worse = items(tape, j);
    const auto difference = ad::row_sums(user * (better - worse)) + bias(tape, i) - bias(tape, j);
    return ad::mean(ad::softplus(-difference)) + 0.1 * ad::mean(user * user + better * better + worse * worse);
  }
};

double auc(const Factors& model, const data::Csr& train, const std::vector<std::int32_t>& held_out) {
  ad::Tape<float> tape;
  const auto no_grad = tape.no_grad();
  const auto scores = ad::matmul(tape.parameter(model.users.weight), tape.parameter(model.items.weight), false, true) +
                      ad::transpose(tape.parameter(model.bias.weight));
  double sum = 0;
  for (std::int64_t u = 0; u < train.rows(); ++u) {
    const float* row = scores.value().row(u);
    const float target = row[held_out[data::as_size(u)]];
    double below = 0;
    for (std::int32_t i = 0; i < train.cols; ++i)
      below += row[i] < target && !std::ranges::binary_search(train.row(u), i);
    sum += below / static_cast<double>(train.cols - std::ssize(train.row(u)) - 1);
  }
  return sum / static_cast<double>(train.rows());
}

int main(int argc, char** argv) try {
  if (argc != 2) return std::fprintf(stderr, "usage: bpr FILE\n"), 2;
  data::DataOptions options;
  options.path = argv[1];
  const data::Csr rows = data::load(options).train;
  data::Csr train{rows.cols};
  std::vector<std::int32_t> held_out, user_of;  // user_of: of each entry of train
  for (std::int64_t u = 0; u < rows.rows(); ++u) {
    std::vector<std::int32_t> row(rows.row(u).begin(), rows.row(u).end());
    const auto last = row.begin() + u * 7919 % std::ssize(row);
    held_out.push_back(*last);
    row.erase(last);
    train.append(row);
    user_of.insert(user_of.end(), row.size(), static_cast<std::int32_t>(u));
  }

  Factors model(train.rows(), train.cols);
  ad::nn::Adam<float> adam({.learning_rate = 0.01});
  ad::Tape<float> tape;
  for (std::uint64_t step = 0; step < 3000; ++step) {
    std::vector<std::int32_t> u, i, j;
    for (std::uint64_t draw = 0; u.size() < 1024; draw += 2) {
      const auto pick = [&](std::uint64_t d, std::size_t n) {
        return static_cast<std::size_t>(ad::uniform({.seed = 7, .step = step}, d) * static_cast<double>(n));
      };
      const std::size_t entry = pick(draw, user_of.size());
      const auto other = static_cast<std::int32_t>(pick(draw + 1, data::as_size(train.cols)));
      if (std::ranges::binary_search(train.row(user_of[entry]), other)) continue;
      u.push_back(user_of[entry]), i.push_back(train.items[entry]), j.push_back(other);
    }
    tape.backward(model.loss(tape, u, i, j));
    adam.step(model, tape);
    tape.reset();
  }
  const double result = auc(model, train, held_out);
  std::printf("AUC %.4f\n", result);
  return result >= 0.8 ? 0 : 1;
} catch (const std::exception& e) {
  return std::fprintf(stderr, "bpr: %s\n", e.what()), 1;
}
