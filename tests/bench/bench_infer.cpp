// Times inference: lists for many users at once, and for one at a time beside plainly reading the same weights.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autodiff/autodiff.h"
#include "bandwidth.h"
#include "command_line.h"
#include "recvae/recvae.h"
#include "roofs.h"
#include "shapes.h"

namespace recvae::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string shape = "ml20m", copy = "whole";
  std::int32_t items = 0;
  double per_user = 60;
  std::int64_t users = 4096, singles = 2000, topk = 100, hidden = 600, latent = 200;
  std::int64_t runs = 3;
  bool json = false, no_roofs = false;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// The time below which that share of the calls stayed, in ms.
double percentile(std::vector<double> times, double share) {
  std::sort(times.begin(), times.end());
  return 1e3 * times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
}

RecVae<float> make_model(const Options& o) {
  return {Encoder<float>(o.items, o.hidden, o.latent, 0.1, ad::nn::Init::torch, 1, 0),
          ad::nn::Linear<float>(o.latent, o.items, {1, 16})};
}

/// Operations of a list: hidden layers, mean and scores.
double flop_per_user(const Options& o) {
  const auto h = static_cast<double>(o.hidden), l = static_cast<double>(o.latent);
  return 2 * (4 * h * h + h * l) + 2 * static_cast<double>(o.items) * l;
}

void add_batch(const Options& o, Scorer& scorer, const data::Csr& rows, Json& j) {
  const auto lists = [&] {
    recommend(scorer, rows, o.topk, {.history = true}, [](std::int64_t, std::span<const Scored>) {});
  };
  lists();
  double best = 0, gemm = 0;
  for (int run = 0; run < o.runs; ++run) {
    // What the machine can do may change from one second to the next.
    if (!o.no_roofs) gemm = std::max(gemm, measure_roofs().gemm_gflops);
    const double start = now();
    lists();
    best = std::max(best, static_cast<double>(rows.rows()) / (now() - start));
  }
  j["users_per_second"] = best;
  j["mflop_per_user"] = flop_per_user(o) / 1e6;
  j["gflops"] = best * flop_per_user(o) / 1e9;
  if (o.no_roofs) return;
  j["gemm_gflops"] = gemm;
  j["fraction"] = best * flop_per_user(o) / 1e9 / gemm;
}

/// Sums of weights, in pieces that read_all takes.
float read_matrix(ad::ConstMatrix<float> m) { return read_all(m.data, m.size() / 32 * 32); }

/// Reads what a list of the user needs: rows of the first layer, hidden layers, the head of the mean, the decoder.
float read_weights(const RecVae<float>& model, std::span<const std::int32_t> history) {
  const Encoder<float>& e = model.encoder;
  float sum = 0;
  for (const std::int32_t item : history) {
    const ad::ConstMatrix<float> rows = e.fc1.weight.value;
    sum += read_all(rows.row(item), rows.cols / 32 * 32);
  }
  const ad::nn::Linear<float>* decoder = &model.decoder;
  for (const auto* fc : {&e.fc2, &e.fc3, &e.fc4, &e.fc5, &e.fc_mu, decoder}) {
    sum += read_matrix(fc->weight.value) + read_matrix(fc->bias.value);
  }
  return sum;
}

/// A user at a time on one thread, in turns with reading the same weights.
void add_singles(const Options& o, const RecVae<float>& model, Scorer& scorer, const data::Csr& rows, Json& j) {
  const int threads = ad::threads();
  ad::set_threads(1);
  std::vector<double> lists, reads;
  std::vector<std::vector<Scored>> best(1);
  volatile float sum = 0;  // so nothing is optimised away
  for (std::int64_t turn = 0; turn < o.singles + 20; ++turn) {
    const std::int64_t row = turn % rows.rows();
    const double start = now();
    scorer.rank(rows, row, o.topk, {.history = true}, best);
    const double middle = now();
    sum = sum + read_weights(model, rows.row(row));
    const double end = now();
    if (turn < 20) continue;  // the first ones warm up
    lists.push_back(middle - start);
    reads.push_back(end - middle);
  }
  ad::set_threads(threads);
  double bytes = 4 * (flop_per_user(o) / 2 + static_cast<double>(o.items));
  bytes += 4 * static_cast<double>(o.hidden * rows.nnz()) / static_cast<double>(rows.rows());
  j["single_megabytes"] = bytes / 1e6;
  for (const auto& [name, share] : {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}}) {
    const std::string key = name;
    j["single_" + key + "_ms"] = percentile(lists, share);
    j["read_" + key + "_ms"] = percentile(reads, share);
    j[key + "_ratio"] = percentile(lists, share) / percentile(reads, share);
  }
}

void run(Options& o) {
  if (o.items == 0) {
    o.items = find_shape(o.shape).items;
    o.per_user = find_shape(o.shape).per_user;
  }
  const data::Csr rows = make_rows(o.items, o.per_user, o.users);
  const RecVae<float> model = make_model(o);
  const auto scorer = model_scorer(model, o.copy == "whole" ? DecoderCopy::whole : DecoderCopy::by_tiles);
  Json j;
  j["items"] = o.items;
  j["users"] = o.users;
  j["threads"] = ad::threads();
  j["engine"] = ad::blas::description();
  add_batch(o, *scorer, rows, j);
  if (o.singles > 0) add_singles(o, model, *scorer, rows, j);
  if (o.json) {
    std::cout << j.dump() << std::endl;
    return;
  }
  for (const auto& [name, value] : j.items()) std::printf("%-20s %s\n", name.c_str(), value.dump().c_str());
}

void command(tools::CommandLine& line) {
  Options o;
  line.describe("Times lists of the best items: many users at once, and one user at a time.");
  line.add("shape", &o.shape, "made-up histories like those of ml20m (default), netflix, msd, ml1m, articles20k");
  line.add("items", &o.items, "items, in place of a shape's");
  line.add("per_user", &o.per_user, "with --items: mean length of a history");
  line.add("users", &o.users, "users", tools::at_least(1));
  line.add("singles", &o.singles, "lists that are asked for one at a time; 0: none");
  line.add("topk", &o.topk, "items of a list");
  line.add("hidden", &o.hidden, "width of the encoder");
  line.add("latent", &o.latent, "width of the code");
  line.add("copy", &o.copy, "of the decoder: whole (as recvae_recommend) or by_tiles (as while training)");
  line.add("runs", &o.runs, "of which the fastest counts", tools::at_least(1));
  line.flag("json", &o.json, "print one object");
  line.flag("no_roofs", &o.no_roofs, "do not measure R");
  if (!line.parse()) return;
  if (o.copy != "whole" && o.copy != "by_tiles") throw data::UsageError("--copy: expected whole or by_tiles");
  tools::stop_at_once(true);
  ad::set_threads(line.threads());
  run(o);
}

}  // namespace
}  // namespace recvae::bench

int main(int argc, char** argv) {
  return recvae::tools::run_command("bench_infer", argc, argv, recvae::bench::command);
}
