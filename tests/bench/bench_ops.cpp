// Times every op at RecVAE's sizes, each beside the rate that bounds it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/autodiff.h"
#include "nn/nn.h"
#include "recvae/batch.h"
#include "recvae/prior/composite_prior.h"
#include "roofs.h"
#include "shapes.h"

namespace recvae::bench {
namespace {

using ad::Index;
using Var = ad::Var<float>;
using Tape = ad::Tape<float>;
using Parameter = ad::Parameter<float>;

constexpr Index kBatch = 500, kHidden = 600, kLatent = 200;
constexpr Index kCatalogues[] = {20108, 200000};

Roofs roofs;

/// What an op cannot do without: of a forward, or of a forward and a backward.
struct Work {
  double flop = 0, bytes = 0;
  double pieces = 0;  ///< what a step is made of, where the time of one of them is the question
  double seconds() const { return std::max(flop / roofs.gemm_gflops, bytes / roofs.triad_gbs) / 1e9; }
};

/// Bytes of so many arrays of n floats read and written, counted as `Roofs` counts them.
double traffic(double reads, double writes, Index n) { return (4 * reads + 8 * writes) * static_cast<double>(n); }
double product(Index m, Index n, Index k) {
  return 2 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

using Step = std::function<void()>;

/// A benchmark of the step that `prepare` makes. One step lives at a time: some hold gigabytes.
void add(const std::string& name, Work work, std::function<Step()> prepare) {
  static std::string current;
  static Step step;
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) {
                                 if (current != name) {
                                   step = nullptr;
                                   step = prepare();
                                   current = name;
                                   step();  // memory grows and is touched
                                 }
                                 const auto start = std::chrono::steady_clock::now();
                                 for (auto _ : state) step();
                                 const double seconds =
                                     std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() /
                                     static_cast<double>(state.iterations());
                                 if (work.flop > 0) state.counters["GFLOP/s"] = work.flop / seconds / 1e9;
                                 if (work.bytes > 0) state.counters["GB/s"] = work.bytes / seconds / 1e9;
                                 if (work.seconds() > 0) state.counters["of_roof"] = work.seconds() / seconds;
                                 if (work.pieces > 0) state.counters["ns_each"] = 1e9 * seconds / work.pieces;
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

/// A scalar whose gradient by y is one everywhere: the least that a backward can start from.
Var start_backward(Var y) {
  Tape& tape = y.tape();
  ad::Matrix<float> out = tape.alloc(1, 1);
  *out.data = 0;
  return tape.record("start_backward", out, {y}, [=](Tape& t, ad::ConstMatrix<float>) {
    const ad::GradSlot<float> dy = t.grad_slot(y);
    ad::parallel_chunks(dy.grad.size(), ad::kChunk,
                        [&](Index begin, Index end) { std::fill(dy.grad.data + begin, dy.grad.data + end, 1.0f); });
  });
}

struct Input {
  Index rows, cols;
  bool wants_grad = true;
};

Parameter random_parameter(const Input& input, std::uint32_t stream) {
  Parameter p(ad::Tensor<float>(input.rows, input.cols));
  ad::fill_uniform<float>(p.value, -0.2, 0.2, {.stream = stream});
  return p;
}

/// An op, forward alone and with its backward. `op(tape, vars)` gets a Var of each input.
template <class Op>
void add_op(const std::string& name, std::vector<Input> inputs, Work forward, Work both, Op op) {
  for (const bool backward : {false, true}) {
    add(name + (backward ? "/forward+backward" : "/forward"), backward ? both : forward, [=] {
      auto parameters = std::make_shared<std::vector<Parameter>>();
      for (const Input& input : inputs) {
        parameters->push_back(random_parameter(input, static_cast<std::uint32_t>(parameters->size())));
        parameters->back().trainable = backward && input.wants_grad;
      }
      auto tape = std::make_shared<Tape>();
      return [=] {
        Var in[6];
        for (std::size_t k = 0; k < parameters->size(); ++k) in[k] = tape->parameter((*parameters)[k]);
        const Var out = op(*tape, in);
        if (backward) tape->backward(start_backward(out));
        benchmark::DoNotOptimize(out.value().data);
        tape->reset();
      };
    });
  }
}

/// An op that the memory bounds: reads and writes of arrays of n floats, forward and backward. The backward's writes
/// have the gradient that it starts from among them.
template <class Op>
void add_memory_op(const std::string& name, std::vector<Input> inputs, Index n, std::pair<double, double> forward,
                   std::pair<double, double> backward, Op op) {
  const double there = traffic(forward.first, forward.second, n);
  add_op(name, std::move(inputs), {0, there}, {0, there + traffic(backward.first, backward.second, n)}, op);
}

/// A batch of rows of a catalogue, and the same normalised.
struct SparseRows {
  data::Csr rows;
  Batch<float> batch{rows};

  explicit SparseRows(Index items) : rows(make_rows(static_cast<std::int32_t>(items), 73.2, kBatch)) {
    std::vector<std::int32_t> users;
    for (std::int32_t u = 0; u < kBatch; ++u) users.push_back(u);
    batch.gather(users);
  }
};
std::shared_ptr<const SparseRows> sparse_rows(Index items) {
  static std::vector<std::shared_ptr<const SparseRows>> known;
  for (const auto& rows : known) {
    if (rows->rows.cols == items) return rows;
  }
  return known.emplace_back(std::make_shared<SparseRows>(items));
}
/// How many different items a batch has.
Index touched_items(const data::Csr& rows) {
  std::vector<bool> seen(static_cast<std::size_t>(rows.cols));
  for (std::int32_t item : rows.items) seen[static_cast<std::size_t>(item)] = true;
  return std::count(seen.begin(), seen.end(), true);
}

std::string with_items(const std::string& name, Index items) { return name + "/items:" + std::to_string(items); }

void add_products() {
  const double hidden = product(kBatch, kHidden, kHidden), head = product(kBatch, kLatent, kHidden);
  add_op("linear/600x600", {{kBatch, kHidden}, {kHidden, kHidden}, {1, kHidden}}, {hidden}, {3 * hidden},
         [](Tape&, Var* in) { return ad::linear(in[0], in[1], in[2]); });
  add_op("linear/600x200", {{kBatch, kHidden}, {kLatent, kHidden}, {1, kLatent}}, {head}, {3 * head},
         [](Tape&, Var* in) { return ad::linear(in[0], in[1], in[2]); });
  add_op("matmul/600x600", {{kBatch, kHidden}, {kHidden, kHidden}}, {hidden}, {3 * hidden},
         [](Tape&, Var* in) { return ad::matmul(in[0], in[1]); });
  for (const Index items : kCatalogues) {
    const double logits = product(kBatch, items, kLatent);
    add_op(with_items("matmul/logits", items), {{kBatch, kLatent}, {items, kLatent}}, {logits}, {3 * logits},
           [](Tape&, Var* in) { return ad::matmul(in[0], in[1], false, true); });
  }
}

void add_sparse() {
  for (const Index items : kCatalogues) {
    const auto x = sparse_rows(items);
    const auto touched = static_cast<double>(touched_items(x->rows)), nnz = static_cast<double>(x->rows.nnz());
    // Popular rows come from caches: the least is each touched row once, the result once, the gradient's rows once.
    const double forward = 4 * kHidden * (touched + 2 * kBatch);
    const double both = forward + 4 * kHidden * (3 * kBatch + 2 * touched);
    add_op(with_items("sparse_linear", items), {{items, kHidden}, {1, kHidden}}, {2 * nnz * kHidden, forward},
           {4 * nnz * kHidden, both},
           [x](Tape&, Var* in) { return ad::sparse_linear(x->batch.normalised(), in[0], in[1]); });
    add(with_items("dropout_sparse", items), {0, 12 * nnz}, [x] {
      auto tape = std::make_shared<Tape>();
      return [=] {
        benchmark::DoNotOptimize(ad::dropout(*tape, x->batch.normalised(), 0.5, {.seed = 1}));
        tape->reset();
      };
    });
  }
}

void add_elementwise() {
  const Input hidden{kBatch, kHidden}, latent{kBatch, kLatent};
  const Index n = kBatch * kHidden;
  const auto unary = [&](const std::string& name, auto f) {
    add_memory_op(name, {hidden}, n, {1, 1}, {2, 2}, [f](Tape&, Var* in) { return f(in[0]); });
  };
  unary("exp", [](Var x) { return ad::exp(x); });
  unary("log", [](Var x) { return ad::log(x); });
  unary("square", [](Var x) { return ad::square(x); });
  unary("tanh", [](Var x) { return ad::tanh(x); });
  unary("sigmoid", [](Var x) { return ad::sigmoid(x); });
  unary("relu", [](Var x) { return ad::relu(x); });
  unary("scale", [](Var x) { return ad::scale(x, 0.5f); });
  unary("swish", [](Var x) { return ad::swish(x); });
  unary("dropout_dense", [](Var x) { return ad::dropout(x, 0.5, {.seed = 1}); });

  const auto binary = [&](const std::string& name, std::pair<double, double> backward, auto f) {
    add_memory_op(name, {hidden, hidden}, n, {2, 1}, backward, [f](Tape&, Var* in) { return f(in[0], in[1]); });
    add_memory_op(name + "/row", {hidden, {1, kHidden}}, n, {1, 1}, {backward.first, backward.second - 1},
                  [f](Tape&, Var* in) { return f(in[0], in[1]); });
  };
  binary("add", {1, 3}, [](Var a, Var b) { return a + b; });
  binary("sub", {1, 3}, [](Var a, Var b) { return a - b; });
  binary("mul", {3, 3}, [](Var a, Var b) { return a * b; });
  binary("div", {3, 3}, [](Var a, Var b) { return a / b; });

  add_memory_op("layer_norm", {hidden, {1, kHidden}, {1, kHidden}}, n, {1, 2}, {2, 2},
                [](Tape&, Var* in) { return ad::layer_norm(in[0], in[1], in[2], 0.1); });
  add_memory_op("swish_layer_norm", {hidden, hidden, {1, kHidden}, {1, kHidden}}, n, {2, 1}, {3, 2},
                [](Tape&, Var* in) { return ad::swish_layer_norm(in[0], in[1], in[2], in[3], 0.1); });
  const Index m = kBatch * kLatent;
  add_memory_op("reparameterise_drawn", {latent, latent}, m, {2, 1}, {3, 3},
                [](Tape&, Var* in) { return ad::reparameterise(in[0], in[1], 1.0, {.seed = 1}); });
  add_memory_op("gaussian_log_density", {latent, latent, latent}, m, {3, 1}, {4, 4},
                [](Tape&, Var* in) { return ad::gaussian_log_density(in[0], in[1], in[2]); });
  add_memory_op("composite_log_density", {latent, {kBatch, kLatent, false}, {kBatch, kLatent, false}}, m, {3, 1},
                {4, 2}, [](Tape&, Var* in) {
                  return composite_log_density(in[0], in[1], in[2], {0.15, 0.75, 0.1});
                });
}

void add_rows() {
  const Index items = kCatalogues[0], n = kBatch * items;
  const auto family = [&](const std::string& name, Index result, std::pair<double, double> forward,
                          std::pair<double, double> backward, auto f) {
    const Work there{0, traffic(forward.first, forward.second, n) + traffic(0, 1, result)};
    const Work both{0, there.bytes + traffic(backward.first, backward.second, n) + traffic(1, 1, result)};
    add_op(with_items(name, items), {{kBatch, items}}, there, both, [f](Tape&, Var* in) { return f(in[0]); });
  };
  family("softmax", n, {1, 0}, {1, 1}, [](Var x) { return ad::softmax(x); });
  family("log_softmax", n, {1, 0}, {1, 1}, [](Var x) { return ad::log_softmax(x); });
  family("logsumexp", kBatch, {1, 0}, {1, 1}, [](Var x) { return ad::logsumexp(x); });
  family("row_sums", kBatch, {1, 0}, {0, 1}, [](Var x) { return ad::row_sums(x); });
  family("sum", 1, {1, 0}, {0, 1}, [](Var x) { return ad::sum(x); });
  family("mean", 1, {1, 0}, {0, 1}, [](Var x) { return ad::mean(x); });
}

void add_likelihood() {
  for (const Index items : kCatalogues) {
    const auto x = sparse_rows(items);
    const auto likelihood = [x](Tape&, Var* in) {
      return ad::multinomial_log_likelihood(in[0], in[1], in[2], x->batch.x());
    };
    const double logits = product(kBatch, items, kLatent);
    add_op(with_items("multinomial/encoder_side", items),
           {{kBatch, kLatent}, {items, kLatent, false}, {1, items, false}}, {logits}, {2 * logits}, likelihood);
    add_op(with_items("multinomial/decoder_side", items), {{kBatch, kLatent, false}, {items, kLatent}, {1, items}},
           {logits}, {2 * logits}, likelihood);
  }
}

/// A gradient on a tape that stays: steps of an optimiser can be repeated on it.
struct WithGradient {
  Parameter weight, bias;
  Tape tape;
  ad::nn::Adam<float> adam;

  void step() { adam.step(weight, tape); }
};

std::shared_ptr<WithGradient> dense_gradient(Index rows, Index cols) {
  auto s = std::make_shared<WithGradient>();
  s->weight = random_parameter({rows, cols}, 1);
  s->tape.backward(start_backward(ad::scale(s->tape.parameter(s->weight), 0.01f)));
  return s;
}

std::shared_ptr<WithGradient> row_gradient(Index items) {
  auto s = std::make_shared<WithGradient>();
  s->weight = random_parameter({items, kHidden}, 1);
  s->bias = random_parameter({1, kHidden}, 2);
  const auto x = sparse_rows(items);
  s->tape.backward(start_backward(
      ad::sparse_linear(x->batch.normalised(), s->tape.parameter(s->weight), s->tape.parameter(s->bias))));
  return s;
}

void add_optimisers() {
  const auto dense = [](const std::string& name, Index rows, Index cols) {
    add(name, {0, 28.0 * static_cast<double>(rows * cols)},
        [=] { return [s = dense_gradient(rows, cols)] { s->step(); }; });
  };
  dense("adam/600x600", kHidden, kHidden);
  for (const Index items : kCatalogues) {
    dense(with_items("adam/decoder", items), items, kLatent);
    const auto touched = static_cast<double>(touched_items(sparse_rows(items)->rows));
    add(with_items("adam/rows", items), {0, kHidden * (24.0 * static_cast<double>(items) + 4 * touched)},
        [=] { return [s = row_gradient(items)] { s->step(); }; });
  }
  const Index items = kCatalogues[0];
  add(with_items("clip_grad_norm", items), {0, traffic(2, 0, items * kLatent) + 4.0 * items * kLatent}, [=] {
    // The norm read, and the gradient scaled where it lies: a norm that always asks for a little less.
    return [s = dense_gradient(items, kLatent), norm = 1.0]() mutable {
      norm *= 0.999;
      benchmark::DoNotOptimize(ad::nn::clip_grad_norm(s->weight, s->tape, norm));
    };
  });
}

void add_small() {
  constexpr int kOps = 30;
  for (const bool backward : {false, true}) {
    add(std::string("tape/30_scalar_ops/") + (backward ? "record+backward+reset" : "record+reset"), {.pieces = kOps},
        [=] {
          auto tape = std::make_shared<Tape>();
          auto p = std::make_shared<Parameter>(ad::Tensor<float>(1, 1, {0.5f}));
          return [=] {
            Var x = tape->parameter(*p);
            for (int k = 0; k < kOps; ++k) x = ad::scale(x, 1.01f);
            if (backward) tape->backward(x);
            benchmark::DoNotOptimize(x.value().data);
            tape->reset();
          };
        });
  }
  // The kernel on what a tile of the likelihood has for a user, in the first-level cache.
  add("kernels exp/256", {.pieces = 256}, [] {
    auto x = std::make_shared<ad::Tensor<float>>(1, 256);
    ad::fill_uniform<float>(*x, -1, 1, {});
    return [=] { ad::kernels::loops<float>().exp(x->data(), x->size(), -1.0f, x->data()); };
  });
  add("fill_normal/500x200", {0, traffic(0, 1, kBatch * kLatent), kBatch * kLatent}, [] {
    auto x = std::make_shared<ad::Tensor<float>>(kBatch, kLatent);
    return [=] { ad::fill_normal<float>(*x, 1, {.seed = 1}); };
  });
}

}  // namespace
}  // namespace recvae::bench

int main(int argc, char** argv) {
  using namespace recvae::bench;
  int threads = 0;                                 // the one option of our own
  std::string quick = "--benchmark_min_time=0.1";  // one that is given comes later and counts
  std::vector<char*> rest = {argv[0], quick.data()};
  for (int k = 1; k < argc; ++k) {
    const std::string option = argv[k], name = "--threads=";
    if (option.starts_with(name)) {
      threads = std::atoi(option.c_str() + name.size());
    } else {
      rest.push_back(argv[k]);
    }
  }
  int count = static_cast<int>(rest.size());
  benchmark::Initialize(&count, rest.data());
  if (benchmark::ReportUnrecognizedArguments(count, rest.data())) return 1;
  ad::set_threads(threads);
  roofs = measure_roofs().best(measure_roofs());
  benchmark::AddCustomContext("engine", ad::blas::description());
  benchmark::AddCustomContext("threads", std::to_string(ad::threads()));
  benchmark::AddCustomContext("gemm_gflops", std::to_string(roofs.gemm_gflops));
  benchmark::AddCustomContext("bandwidth_gbs", std::to_string(roofs.triad_gbs));
  benchmark::AddCustomContext("read_gbs", std::to_string(roofs.read_gbs));
  add_products();
  add_sparse();
  add_elementwise();
  add_rows();
  add_likelihood();
  add_optimisers();
  add_small();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
