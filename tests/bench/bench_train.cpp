// Times training: whole outer epochs or single steps, on made-up or prepared data, beside what the machine can do.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/autodiff.h"
#include "command_line.h"
#include "data/data.h"
#include "recvae/recvae.h"
#include "roofs.h"
#include "shapes.h"

namespace recvae::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string shape, data, init, write;
  std::int32_t items = 0;
  double per_user = 0;
  std::int64_t users = 0, epochs = 1, steps = 0;
  bool plain = false, serve = false, json = false, roofs = false, no_roofs = false;
  Settings settings;
};

/// What training works on, and a name for it.
struct Data {
  std::string name;
  std::vector<std::string> item_tokens;
  data::Csr train;
};

std::vector<std::string> numbered(std::int64_t n) {
  std::vector<std::string> tokens;
  for (std::int64_t i = 0; i < n; ++i) tokens.push_back(std::to_string(i));
  return tokens;
}

/// Fills in items, row length and users from the shape.
void complete(Options& o) {
  if (!o.shape.empty()) {
    const Shape& shape = find_shape(o.shape);
    o.items = shape.items;
    o.per_user = shape.per_user;
    if (o.users == 0 && o.steps == 0) o.users = shape.users;
  }
  if (o.data.empty() && (o.items <= 0 || o.per_user <= 0 || (o.users <= 0 && o.steps == 0))) {
    throw std::invalid_argument("expected --shape, or --items, --per_user and --users, or --data");
  }
  if (o.plain) {
    o.settings.dropout_prob = 0;
    o.settings.epsilon_std = 0;
    o.settings.shuffle = false;
  }
  if (o.steps > 0) {  // one pass of each kind over just enough users; the first step is not counted
    const std::int64_t wanted = (o.steps + 1) * o.settings.train_batch_size;
    o.users = o.users > 0 ? std::min(o.users, wanted) : wanted;
    o.epochs = 1;
  }
}

Data make_data(const Options& o) {
  Data d;
  if (o.data.empty()) {
    d.name = o.shape.empty() ? std::to_string(o.items) + " items" : o.shape;
    d.item_tokens = numbered(o.items);
    d.train = make_rows(o.items, o.per_user, o.users);
    return d;
  }
  data::DataOptions options;
  options.path = o.data;
  data::Dataset set = data::load(options);
  d.name = o.data;
  d.item_tokens = std::move(set.item_tokens);
  d.train = std::move(set.train);
  if (o.users > 0 && o.users < d.train.rows()) {  // the first ones
    d.train.indptr.resize(static_cast<std::size_t>(o.users) + 1);
    d.train.items.own().resize(data::as_size(d.train.nnz()));
  }
  return d;
}

void write_rows(const std::string& path, const data::Csr& rows, std::int64_t first_uid, bool every_fifth, bool others) {
  std::ofstream file(path);
  file << "uid,sid\n";
  for (std::int64_t u = 0; u < rows.rows(); ++u) {
    for (std::size_t k = 0; k < rows.row(u).size(); ++k) {
      if (k % 5 == 4 ? every_fifth : others) file << first_uid + u << ',' << rows.row(u)[k] << '\n';
    }
  }
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

/// The rows that `make_data` makes as a prepared directory, and further users that are held out.
void write_prepared(const Options& o) {
  const std::int64_t held_out = std::clamp<std::int64_t>(o.users / 20, 1, 100);
  std::filesystem::create_directories(o.write);
  const auto tokens = [&](const char* name, std::int64_t n) {
    std::ofstream file(o.write + "/" + name);
    for (std::int64_t i = 0; i < n; ++i) file << i << '\n';
    if (!file.flush()) throw std::runtime_error(o.write + "/" + name + ": cannot be written");
  };
  tokens("unique_sid.txt", o.items);
  tokens("unique_uid.txt", o.users + 2 * held_out);
  write_rows(o.write + "/train.csv", make_rows(o.items, o.per_user, o.users), 0, true, true);
  std::int64_t first = o.users;
  for (const char* part : {"validation", "test"}) {
    const data::Csr rows = make_rows(o.items, o.per_user, held_out, first);
    write_rows(o.write + "/" + part + "_tr.csv", rows, first, false, true);
    write_rows(o.write + "/" + part + "_te.csv", rows, first, true, false);
    first += held_out;
  }
}

/// The most memory that was resident so far. The measured rates take memory of their own: forget_peak() then starts
/// again from what is resident now (where the kernel lets it).
double peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return 1024 * kilobytes;
  }
  return 0;
}
void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

/// The rates of the machine as far as they are known: the best of all measurements.
class Machine {
 public:
  explicit Machine(bool measured) : measured_(measured) { measure(); }
  void measure() {
    if (!measured_) return;
    peak_ = std::max(peak_, peak_bytes());
    roofs_ = roofs_.best(measure_roofs());
    forget_peak();
  }
  bool measured() const { return measured_; }
  const Roofs& roofs() const { return roofs_; }
  double peak() const { return std::max(peak_, peak_bytes()); }

 private:
  bool measured_;
  Roofs roofs_;
  double peak_ = 0;
};

/// Steps of one kind: their times, and the work that they cannot do without.
struct Steps {
  std::vector<double> times;
  double seconds = 0, gflop = 0, gbytes = 0;

  void add(double time, double step_gflop, double step_gbytes) {
    times.push_back(time);
    seconds += time;
    gflop += step_gflop;
    gbytes += step_gbytes;
  }
  double median_ms() const {
    std::vector<double> sorted = times;
    std::sort(sorted.begin(), sorted.end());
    return sorted.empty() ? 0 : 1e3 * (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2;
  }
  double share(double gflops) const { return seconds > 0 ? gflop / seconds / gflops : 0; }
};

/// A model in training as recvae_train trains it, and the counts of the work of its steps.
class Training {
 public:
  Training(const Options& o, const Data& data) : steps_only_(o.steps > 0), settings_(o.settings), data_(data) {
    if (steps_only_) {
      const std::int64_t batches = (data.train.rows() + settings_.train_batch_size - 1) / settings_.train_batch_size;
      settings_.n_enc_epochs = settings_.n_dec_epochs = (o.steps + batches) / batches;
    }
    std::optional<LoadedModel> given;
    if (!o.init.empty()) {
      given = load_model(o.init, Load::with_old_encoder, settings_.layer_norm_eps);
      settings_.hidden_dimension = given->model.hidden();
      settings_.latent_dimension = given->model.latent();
    }
    InitialModel start = initial_model(settings_, data.item_tokens);
    model_ = std::move(start.model);
    if (given) take_over(*given, model_, start.old_encoder, data.item_tokens);
    given.reset();
    trainer_.emplace(settings_, data.train, model_, *start.old_encoder);
  }

  /// Runs an outer epoch, measures the machine again and returns the record of the epoch.
  Json run_epoch(Machine& machine) {
    Steps encoder, decoder, refresh;
    bool encoder_counts = !steps_only_, decoder_counts = !steps_only_;
    double visits = 0, slim_seconds = 0;
    std::optional<EpochReport> report;
    while (!report) {
      const Trainer::Phase phase = trainer_->state().phase;
      const std::int64_t begin = trainer_->state().batch * settings_.train_batch_size;
      const auto users = static_cast<double>(std::min(settings_.train_batch_size, data_.train.rows() - begin));
      const auto start = std::chrono::steady_clock::now();
      report = trainer_->step();
      double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      const double slim = report ? report->implicit_slim_seconds : trainer_->state().report.implicit_slim_seconds;
      seconds -= slim - std::exchange(slim_seconds, slim);
      if (phase == Trainer::Phase::refresh) {
        refresh.add(seconds, refresh_gflop(), 0);
        continue;
      }
      const bool of_encoder = phase == Trainer::Phase::encoder;
      if (!std::exchange(of_encoder ? encoder_counts : decoder_counts, true)) continue;
      visits += users;
      if (of_encoder) {
        encoder.add(seconds, encoder_gflop(users), encoder_gbytes());
      } else {
        decoder.add(seconds, decoder_gflop(users), decoder_gbytes(users));
      }
    }
    const double peak = machine.peak();
    machine.measure();

    const double seconds = encoder.seconds + decoder.seconds + refresh.seconds;
    const double gflop = encoder.gflop + decoder.gflop + refresh.gflop;
    Json j;
    j["epoch"] = report->epoch;
    j["seconds"] = seconds;
    j["encoder_seconds"] = encoder.seconds;
    j["decoder_seconds"] = decoder.seconds;
    j["refresh_seconds"] = refresh.seconds;
    if (slim_seconds > 0) j["implicit_slim_seconds"] = slim_seconds;  // not among the seconds
    j["encoder_step_ms"] = encoder.median_ms();
    j["decoder_step_ms"] = decoder.median_ms();
    j["loss"] = report->train_loss();
    j["decoder_loss"] = -report->decoder_mll.value();
    j["users_per_second"] = visits / seconds;
    j["gflop"] = gflop;
    j["gflops"] = gflop / seconds;
    j["peak_bytes"] = static_cast<std::int64_t>(peak);
    if (machine.measured()) {
      const Roofs& r = machine.roofs();
      const double floor = r.floor_seconds(gflop, encoder.gbytes + decoder.gbytes + refresh.gbytes);
      j["gemm_gflops"] = r.gemm_gflops;
      j["bandwidth_gbs"] = r.triad_gbs;
      j["fraction"] = gflop / seconds / r.gemm_gflops;
      j["floor_seconds"] = floor;
      j["times_floor"] = seconds / floor;
      j["encoder_fraction"] = encoder.share(r.gemm_gflops);
      j["decoder_fraction"] = decoder.share(r.gemm_gflops);
    }
    return j;
  }

 private:
  // Operations that a step needs: the products, each counted once, whatever is computed a second time.
  double hidden_flop() const {  // of a user, forward
    const auto h = static_cast<double>(settings_.hidden_dimension), l = static_cast<double>(settings_.latent_dimension);
    return 2 * (4 * h * h + 2 * h * l);
  }
  double items_flop() const {  // of a user: the logits, and the one product with what the softmax makes of them
    return 4 * static_cast<double>(model_.items()) * static_cast<double>(model_.latent());
  }
  double row_flop() const {  // of a user: the first layer, forward
    const double entries = static_cast<double>(data_.train.nnz()) / static_cast<double>(data_.train.rows());
    return 2 * entries * static_cast<double>(settings_.hidden_dimension);
  }
  double encoder_gflop(double users) const {
    return users * (items_flop() + 3 * hidden_flop() + 2 * (1 - settings_.dropout_prob) * row_flop()) / 1e9;
  }
  double decoder_gflop(double users) const { return users * items_flop() / 1e9; }
  double refresh_gflop() const { return static_cast<double>(data_.train.rows()) * (hidden_flop() + row_flop()) / 1e9; }

  // Bytes that do not fit into caches: Adam's seven streams over the half that trains, the decoder's weights once, and
  // in decoder steps the exponentials of a batch, written and read.
  static constexpr double kAdam = 28;
  double decoder_weights() const { return 4.0 * static_cast<double>(model_.decoder.weight.value.size()); }
  double encoder_gbytes() const {
    return (kAdam * static_cast<double>(ad::nn::parameter_count(model_.encoder)) + decoder_weights()) / 1e9;
  }
  double decoder_gbytes(double users) const {
    return (kAdam * static_cast<double>(ad::nn::parameter_count(model_.decoder)) + decoder_weights() +
            8 * users * static_cast<double>(model_.items())) /
           1e9;
  }

  bool steps_only_;
  Settings settings_;
  const Data& data_;
  RecVae<float> model_;
  std::optional<Trainer> trainer_;
};

void print_header(const Data& data, const Machine& machine) {
  std::printf("%s: %lld users, %d items, %.1f each; %s, %d threads\n", data.name.c_str(),
              static_cast<long long>(data.train.rows()), data.train.cols,
              static_cast<double>(data.train.nnz()) / static_cast<double>(data.train.rows()),
              ad::blas::description().c_str(), ad::threads());
  std::printf("%5s %9s %9s %9s %9s %8s %8s %11s %11s %8s %8s %8s", "epoch", "seconds", "encoder", "decoder", "refresh",
              "enc ms", "dec ms", "loss", "dec loss", "users/s", "GFLOP/s", "peak MB");
  if (machine.measured()) std::printf(" %6s %6s %6s %6s %6s %6s", "R", "S", "of R", "enc/R", "dec/R", "xfloor");
  std::printf("\n");
}

void print_row(const Json& j) {
  const auto number = [&](const char* name) { return j[name].get<double>(); };
  std::printf("%5.0f %9.3f %9.3f %9.3f %9.3f %8.2f %8.2f %11.5f %11.5f %8.0f %8.1f %8.0f", number("epoch"),
              number("seconds"), number("encoder_seconds"), number("decoder_seconds"), number("refresh_seconds"),
              number("encoder_step_ms"), number("decoder_step_ms"), number("loss"), number("decoder_loss"),
              number("users_per_second"), number("gflops"), number("peak_bytes") / 1e6);
  if (j.contains("gemm_gflops")) {
    std::printf(" %6.0f %6.1f %6.2f %6.2f %6.2f %6.2f", number("gemm_gflops"), number("bandwidth_gbs"),
                number("fraction"), number("encoder_fraction"), number("decoder_fraction"), number("times_floor"));
  }
  if (j.contains("implicit_slim_seconds")) {
    std::printf("  ImplicitSLIM %.2f s, %.1f %% of the epoch", number("implicit_slim_seconds"),
                100 * number("implicit_slim_seconds") / number("seconds"));
  }
  std::printf("\n");
}

void print_roofs() {
  const Roofs r = measure_roofs().best(measure_roofs());
  Json j;
  j["engine"] = ad::blas::description();
  j["threads"] = ad::threads();
  j["gemm_gflops"] = r.gemm_gflops;
  j["bandwidth_gbs"] = r.triad_gbs;
  j["read_gbs"] = r.read_gbs;
  std::cout << j.dump() << std::endl;
}

void run(Options& o) {
  if (o.roofs) return print_roofs();
  complete(o);
  if (!o.write.empty()) {
    if (!o.data.empty()) throw std::invalid_argument("--write: expected --shape or --items, found --data");
    return write_prepared(o);
  }
  Machine machine(!o.no_roofs);
  const Data data = make_data(o);
  Training training(o, data);
  if (o.serve) {
    std::cout << Json{{"ready", true}}.dump() << std::endl;
    for (std::string line; std::getline(std::cin, line);) std::cout << training.run_epoch(machine).dump() << std::endl;
    return;
  }
  if (!o.json) print_header(data, machine);
  for (std::int64_t epoch = 0; epoch < o.epochs; ++epoch) {
    const Json record = training.run_epoch(machine);
    if (o.json) {
      std::cout << record.dump() << std::endl;
    } else {
      print_row(record);
      std::fflush(stdout);
    }
  }
}

void command(tools::CommandLine& line) {
  Options o;
  line.describe("Times training of RecVAE beside what the machine can do. The README has the columns.");
  line.add("shape", &o.shape, "made-up data like ml20m, netflix, msd, ml1m, articles20k");
  line.add("items", &o.items, "made-up data: items");
  line.add("per_user", &o.per_user, "made-up data: interactions per user");
  line.add("users", &o.users, "made-up data: users (default: all of the shape); of --data: the first ones");
  line.add("data", &o.data, "a prepared directory, or whatever recvae_train reads");
  line.add("init", &o.init, "initial weights (.safetensors), whose sizes are taken over, too");
  line.add("epochs", &o.epochs, "outer epochs");
  line.add("steps", &o.steps, "time so many steps of each kind instead of epochs", tools::at_least(1));
  line.add("train_batch_size", &o.settings.train_batch_size, "users per step", tools::at_least(1));
  line.add("implicit_slim", &o.settings.implicit_slim, "ImplicitSLIM in the first epoch, and then every so many");
  line.add("write", &o.write, "write the made-up data as a prepared directory, and train nothing");
  line.flag("plain", &o.plain, "no dropout, no noise, no shuffling");
  line.flag("serve", &o.serve, "print {\"ready\":true}; then run an epoch for each line of standard input");
  line.flag("json", &o.json, "an object per epoch");
  line.flag("roofs", &o.roofs, "only measure what the machine can do");
  line.flag("no_roofs", &o.no_roofs, "do not measure what the machine can do");
  if (!line.parse()) return;
  tools::stop_at_once(true);
  ad::set_threads(line.threads());
  run(o);
}

}  // namespace
}  // namespace recvae::bench

int main(int argc, char** argv) {
  return recvae::tools::run_command("bench_train", argc, argv, recvae::bench::command);
}
