#include "checkpoint.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../nn/atomic_file.h"
#include "json_value.h"

namespace recvae {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char *kModel = "model.safetensors", *kBest = "best.safetensors", *kTraining = "training.safetensors",
                     *kSums = "xxh128sums", *kFormat = "recvae checkpoint 1";
constexpr std::uintmax_t kLongestSums = 1000;

// Phases are numbers in files.
Json to_number(Trainer::Phase phase) { return static_cast<int>(phase); }
template <class T>
Json to_number(const T& value) {
  return to_json_value(value);
}
const char* take_number(const nlohmann::json& j, Trainer::Phase& phase) {
  std::int64_t number = 0;
  if (const char* expected = take_value(j, number)) return expected;
  phase = static_cast<Trainer::Phase>(number);
  return number >= 0 && number <= static_cast<int>(Trainer::Phase::decoder) ? nullptr : "a phase";
}
template <class T>
const char* take_number(const nlohmann::json& j, T& value) {
  return take_value(j, value);
}

template <class State>
Json numbers_of(const State& state) {
  Json j;
  State::visit([&](const char* name, const auto& value) { j[name] = to_number(value); }, state);
  return j;
}

// Every number of a state, or ad::Error without a path.
template <class State>
void take_numbers(const nlohmann::json& j, State& state) {
  State::visit(
      [&](const char* name, auto& value) {
        const auto it = j.find(name);
        const char* expected = it == j.end() ? "a value" : take_number(*it, value);
        if (expected) throw ad::Error(std::string("the run's state: ") + name + ": expected " + expected);
      },
      state);
}

const std::string& entry(const ad::nn::SafetensorsReader& file, const char* name) {
  const auto it = file.metadata().find(name);
  if (it == file.metadata().end()) throw ad::Error(std::string("expected the entry ") + name + ", found none");
  return it->second;
}

std::string moment_name(const std::string& path, const char* which) { return "adam." + path + "." + which; }

void read_into(ad::nn::SafetensorsReader& file, const std::string& name, ad::Matrix<float> to) {
  const ad::Tensor<float> value = file.read<float>(name);
  if (value.rows() != to.rows || value.cols() != to.cols) {
    throw ad::ShapeError(file.path() + ": tensor " + name + " is " + shape_string(value.view()) + ", expected " +
                         shape_string(to));
  }
  std::copy_n(value.data(), value.size(), to.data);
}

std::string write_training(const std::string& path, Fit& fit, const RunIdentity& identity, const std::string& log) {
  std::vector<ad::nn::NamedTensor<float>> list;
  Json steps = Json::object(), data = Json::object();
  fit.trainer().for_each_moment(
      [&](const std::string& name, ad::Matrix<float> m, ad::Matrix<float> v, std::int64_t taken) {
        list.push_back({moment_name(name, "m"), m});
        list.push_back({moment_name(name, "v"), v});
        steps[name] = taken;
      });
  if (!fit.trainer().posterior_follows()) {
    list.push_back({"posterior.mu", fit.trainer().old_mu()});
    list.push_back({"posterior.logvar", fit.trainer().old_logvar()});
  }
  for (const auto& [part, hash] : identity.data) data[part] = hash;
  return ad::nn::write_safetensors(path, list,
                                   {{"format", kFormat},
                                    {"settings", identity.settings},
                                    {"data", data.dump()},
                                    {"engine", identity.engine},
                                    {"fit", numbers_of(fit.state()).dump()},
                                    {"trainer", numbers_of(fit.trainer().state()).dump()},
                                    {"steps", steps.dump()},
                                    {"log", log}});
}

void sync(const fs::path& path) {
  if (!ad::nn::sync_path(path.string()))
    throw ad::Error(path.string() + ": cannot be written: " + std::generic_category().message(errno));
}

[[noreturn]] void fail(const fs::path& path, const std::error_code& error) {
  throw ad::Error(path.string() + ": cannot be written: " + error.message());
}

}  // namespace

void link_or_copy(const std::string& from, const std::string& to) {
  const std::string beside = to + ".tmp-link";
  std::error_code error;
  fs::remove(beside, error);
  fs::create_hard_link(from, beside, error);
  if (error) {
    error.clear();
    fs::copy_file(from, beside, fs::copy_options::overwrite_existing, error);
    if (!error) sync(beside);
  }
  if (!error) fs::rename(beside, to, error);
  if (!error) fs::remove(beside, error);  // a rename of a link to the same file does nothing
  if (error) fail(to, error);
}

// --- one checkpoint -------------------------------------------------------------------------------------------------

void write_checkpoint(const std::string& directory, Fit& fit, const ModelMetadata& metadata,
                      const RunIdentity& identity, const std::string& log, const std::optional<WrittenFile>& best,
                      bool is_best) {
  const fs::path in = directory;
  std::string sums;
  const auto add = [&](const char* name, const std::string& checksum) { sums += checksum + "  " + name + "\n"; };
  if (best) {
    link_or_copy(best->path, in / kBest);
    add(kBest, best->checksum);
  }
  if (best && is_best) {
    link_or_copy(best->path, in / kModel);
    add(kModel, best->checksum);
  } else {
    add(kModel, fit.save(in / kModel, metadata));
  }
  add(kTraining, write_training(in / kTraining, fit, identity, log));
  ad::nn::write_file(in / kSums, sums);
}

Checkpoint::Checkpoint(std::string directory) : directory_(std::move(directory)) {
  const fs::path in = directory_;
  const auto refuse = [&](const std::string& name, const std::string& what) {
    throw ad::Error((in / name).string() + ": " + what);
  };
  std::error_code error;
  if (const auto size = fs::file_size(in / kSums, error); error || size > kLongestSums) {
    refuse(kSums, "expected the checksums of a checkpoint, found " + (error ? error.message() : "a longer file"));
  }
  std::ifstream sums(in / kSums);
  std::vector<std::string> names;
  for (std::string line; std::getline(sums, line);) {
    const std::string name = line.size() > 34 ? line.substr(34) : "";
    if (name != kModel && name != kBest && name != kTraining)
      refuse(kSums, "expected the name of a checkpoint's file, found " + data::excerpt(line));
    if (line != ad::nn::checksum_of_file(in / name) + "  " + name)
      refuse(name, "the file is damaged: it has another checksum than it was written with");
    names.push_back(name);
    if (name == kBest) best_ = {(in / name).string(), line.substr(0, 32)};
  }
  for (const char* name : {kModel, kTraining}) {
    if (std::ranges::find(names, name) == names.end()) refuse(kSums, std::string("expected a line for ") + name);
  }
  const ad::nn::SafetensorsReader file(in / kTraining);
  try {
    if (const std::string& format = entry(file, "format"); format != kFormat)
      throw ad::Error("format: expected '" + std::string(kFormat) + "', found " + data::excerpt(format));
    identity_.settings = entry(file, "settings");
    identity_.engine = entry(file, "engine");
    const nlohmann::json parts = parse_settings(entry(file, "data"), "data"),
                         steps = parse_settings(entry(file, "steps"), "steps");
    for (const auto& [part, hash] : parts.items()) {
      if (hash.is_string()) identity_.data.emplace_back(part, hash.get<std::string>());
    }
    for (const auto& [path, taken] : steps.items()) {
      if (taken.is_number_unsigned()) steps_.emplace_back(path, taken.get<std::int64_t>());
    }
    log_ = entry(file, "log");
    take_numbers(parse_settings(entry(file, "fit"), "fit"), fit_);
    take_numbers(parse_settings(entry(file, "trainer"), "trainer"), trainer_);
    const Settings settings = settings_from_json(identity_.settings);
    keeps_old_encoder_ = settings.prior_update == "never" && has_old_posterior(settings);
  } catch (const std::runtime_error& bad) {  // ad::Error among them
    refuse(kTraining, bad.what());
  }
}

InitialModel Checkpoint::model() const {
  LoadedModel loaded = load_model(fs::path(directory_) / kModel, Load::with_old_encoder);
  InitialModel start{std::move(loaded.model), std::move(loaded.old_encoder), {}, std::move(loaded.trained_on)};
  if (!keeps_old_encoder_) start.old_encoder.reset();
  return start;
}

void Checkpoint::restore(Fit& fit) const {
  ad::nn::SafetensorsReader file(fs::path(directory_) / kTraining);
  try {
    fit.restore(fit_, trainer_);
  } catch (const ad::Error& bad) {
    throw ad::Error(file.path() + ": " + bad.what());
  }
  fit.trainer().for_each_moment(
      [&](const std::string& path, ad::Matrix<float> m, ad::Matrix<float> v, std::int64_t& steps) {
        read_into(file, moment_name(path, "m"), m);
        read_into(file, moment_name(path, "v"), v);
        const auto it = std::ranges::find(steps_, path, &std::pair<std::string, std::int64_t>::first);
        if (it == steps_.end()) throw ad::Error(file.path() + ": steps: expected those of " + path + ", found none");
        steps = it->second;
      });
  if (fit.trainer().posterior_follows()) return;
  read_into(file, "posterior.mu", fit.trainer().old_mu());
  read_into(file, "posterior.logvar", fit.trainer().old_logvar());
}

std::vector<std::string> differences(const RunIdentity& before, const RunIdentity& now) {
  std::vector<std::string> names;
  const nlohmann::json a = parse_settings(before.settings), b = parse_settings(now.settings);
  for (const auto& [name, value] : b.items()) {
    const auto it = a.find(name);
    if (name == "epochs" || (it != a.end() && *it == value)) continue;
    names.push_back(name + " (" + (it == a.end() ? "none" : it->dump()) + " before, " + value.dump() + " now)");
  }
  for (const auto& [part, hash] : now.data) {
    const auto it = std::ranges::find(before.data, part, &std::pair<std::string, std::string>::first);
    if (it == before.data.end() || it->second != hash) names.push_back(part);
  }
  return names;
}

// --- those of a run -------------------------------------------------------------------------------------------------

namespace {

constexpr const char *kLink = "checkpoint", *kFolder = ".checkpoints";

// The number that a checkpoint's directory is named by; 0: it is none.
std::int64_t number_of(const fs::path& directory) {
  const std::string name = directory.filename().string();
  if (name.empty() || name.size() > 9 || name.find_first_not_of("0123456789") != name.npos) return 0;
  return std::stoll(name);
}

std::vector<std::int64_t> numbers(const fs::path& run) {
  std::vector<std::int64_t> found;
  std::error_code error;
  for (const fs::directory_entry& at : fs::directory_iterator(run / kFolder, error)) {
    if (const std::int64_t number = number_of(at.path())) found.push_back(number);
  }
  std::ranges::sort(found, std::greater());
  return found;
}

fs::path numbered(const fs::path& run, std::int64_t number) { return run / kFolder / std::to_string(number); }

// Where the link leads; 0: there is none.
std::int64_t published(const fs::path& run) {
  std::error_code error;
  return number_of(fs::read_symlink(run / kLink, error));
}

// Makes the link lead to a checkpoint, in one step.
void publish(const fs::path& run, std::int64_t number) {
  const fs::path link = run / kLink, fresh = run / ".checkpoint.tmp-link";
  std::error_code error;
  fs::remove(fresh, error);
  fs::create_symlink(fs::path(kFolder) / std::to_string(number), fresh, error);
  if (!error) fs::rename(fresh, link, error);
  if (error) fail(link, error);
  sync(run);
}

// A copy of a run may have a directory in place of the link.
void adopt_copy(const fs::path& run) {
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(run / kLink, error))) return;
  const std::vector<std::int64_t> others = numbers(run);
  const std::int64_t number = others.empty() ? 1 : others[0] + 1;
  fs::create_directory(run / kFolder, error);
  fs::rename(run / kLink, numbered(run, number), error);
  if (error) fail(run / kLink, error);
  publish(run, number);
}

}  // namespace

std::optional<Checkpoint> Checkpoints::last(const std::function<void(const std::string&)>& warn) const {
  adopt_copy(run_);
  std::string reason;
  const std::int64_t before = published(run_);
  for (const std::int64_t number : numbers(run_)) {
    const fs::path directory = numbered(run_, number);
    if (number != before && !fs::exists(directory / kSums)) continue;  // it was never complete
    try {
      Checkpoint found(number == before ? (fs::path(run_) / kLink).string() : directory.string());
      if (!reason.empty())
        warn(reason + "; going on from the checkpoint before it, of epoch " + std::to_string(found.state().epochs));
      if (number != before) publish(run_, number);
      return found;
    } catch (const ad::Error& bad) {
      if (reason.empty()) reason = bad.what();
    }
  }
  if (!reason.empty()) throw ad::Error(reason + "; expected a sound checkpoint before it, found none");
  if (before != 0) throw ad::Error((fs::path(run_) / kLink).string() + ": the link leads nowhere");
  return {};
}

void Checkpoints::add(const std::function<void(const std::string& directory)>& write) {
  adopt_copy(run_);
  const std::vector<std::int64_t> others = numbers(run_);
  const std::int64_t before = published(run_), number = others.empty() ? 1 : others[0] + 1;
  const fs::path directory = numbered(run_, number);
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) fail(directory, error);
  try {
    write(directory.string());
    for (const fs::path& path : {directory, directory.parent_path()}) sync(path);
    publish(run_, number);
  } catch (...) {
    fs::remove_all(directory, error);
    throw;
  }
  for (const std::int64_t other : others) {
    if (other != before) fs::remove_all(numbered(run_, other), error);
  }
}

}  // namespace recvae
