// Writes what other programs need of a model: slim weights, item vectors, user codes.
#include <filesystem>

#include "autodiff/parallel.h"
#include "command_line.h"
#include "model_metadata.h"
#include "ranker.h"
#include "recvae/recvae.h"
#include "results.h"

namespace recvae::tools {
namespace {

namespace fs = std::filesystem;

constexpr const char* kServing = "serving.safetensors";
constexpr const char* kFiles[] = {kServing,    "item_vectors.npy", "item_vectors.safetensors",
                                  "items.txt", "user_codes.npy",   "user_codes.safetensors",
                                  "users.txt"};

/// The folder that is exported into. Where it had to be made and is not kept, it is removed again.
class Folder {
 public:
  explicit Folder(const fs::path& path) : path_(fs::absolute(path)) {
    std::error_code error;
    for (fs::path p = path_; fs::symlink_status(p, error).type() == fs::file_type::not_found && p.has_relative_path();
         p = p.parent_path()) {
      made_.push_back(p);
    }
    fs::create_directories(path_, error);
    if (!error && fs::is_directory(path_, error)) return;
    remove();
    throw data::DataError(path.string() + ": expected a folder for --out, or none that can be made" +
                          (error ? ": " + error.message() : ", found a file"));
  }
  ~Folder() { remove(); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path() const { return path_.string(); }
  void keep() { made_.clear(); }

 private:
  void remove() const {  // the innermost first; a folder with something of others in it stays
    std::error_code ignored;
    for (const char* name : kFiles) {
      if (!made_.empty()) fs::remove(path_ / name, ignored);
    }
    for (const fs::path& folder : made_) fs::remove(folder, ignored);
  }

  fs::path path_;
  std::vector<fs::path> made_;
};

struct Options {
  data::DataOptions data;
  std::string model, out;
  bool serving = false, float16 = false, item_vectors = false, user_codes = false;
  double layer_norm_eps = Settings{}.layer_norm_eps;
};

void check(const Options& o) {
  if (!o.serving && !o.item_vectors && !o.user_codes)
    throw data::UsageError("expected what to export, --serving, --item_vectors or --user_codes, found none of them");
  if (o.float16 && !o.serving)
    throw data::UsageError("--float16 is for --serving, which is not asked for; vectors and codes are float32");
  if (o.user_codes && o.data.path.empty())
    throw data::UsageError("--user_codes: expected --data, whose users they are");
  if (!o.data.path.empty()) data::check_options(o.data);
  check_layer_norm_eps(o.layer_norm_eps);
}

void stop_if_requested() {
  if (stop_requested()) throw data::Stopped();
}

void export_all(Options& o, const CommandLine& line, const std::string& folder) {
  const Ranker ranker = load_named_ranker(o.model, line, o.data, o.layer_norm_eps);
  const auto precision = o.float16 ? ad::nn::Precision::half : ad::nn::Precision::full;
  if (const LoadedWeights* weights = ranker.weights()) {
    if (o.item_vectors || o.user_codes)
      throw data::DataError(o.model + ": expected a model, whose items and users have vectors, found item weights");
    return save_for_serving(folder + "/" + kServing, *weights, precision);
  }
  const LoadedModel& loaded = *ranker.model();
  if (o.user_codes) {
    const data::Histories users = data::read_histories(o.data, loaded.item_tokens);
    Catalogue catalogue(loaded.item_tokens);
    catalogue.count_unknown(users);
    with_complaint(catalogue, [&] {
      export_user_codes(folder, loaded.model, users.history, users.user_tokens, stop_if_requested);
    });
  }
  if (o.item_vectors) export_item_vectors(folder, loaded, stop_if_requested);
  if (o.serving) {
    save_for_serving(folder + "/" + kServing, loaded, precision);
  }
  stop_if_requested();
}

void export_command(CommandLine& line) {
  Options o;
  line.describe(
      "Writes what other programs need of a model into the folder --out:\n\n"
      "serving.safetensors: the weights without what only training needs. All commands take it.\n"
      "item_vectors.npy, [items, latent + 1], the bias last, and items.txt, the items' tokens.\n"
      "user_codes.npy, [users, latent + 1], a 1 last, and users.txt. A score is a code's inner product with an item's "
      "vector.\n"
      "Vectors and codes are float32, and also in item_vectors.safetensors and user_codes.safetensors.");
  line.version_note(engine());
  line.group("Export");
  line.add("model", &o.model,
           "model.safetensors of recvae_train, a serving.safetensors, or item weights such as ease.safetensors");
  line.add("out", &o.out, "folder to write into, made where it is missing");
  line.flag("serving", &o.serving, "write serving.safetensors");
  line.flag("float16", &o.float16, "the numbers of serving.safetensors in 16 bits: half the size");
  line.flag("item_vectors", &o.item_vectors, "write item_vectors.npy, item_vectors.safetensors and items.txt");
  line.flag("user_codes", &o.user_codes, "write user_codes.npy, user_codes.safetensors and users.txt, of --data");
  line.add("layer_norm_eps", &o.layer_norm_eps, "of a model file without settings (default: 0.1)");
  add_data_options(line, o.data, DataUse::histories);
  if (!line.parse()) return;
  line.require("model");
  line.require("out");
  check(o);
  ad::set_threads(line.threads());

  Folder folder(o.out);
  export_all(o, line, folder.path());
  folder.keep();
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) {
  return recvae::tools::run_command("recvae_export", argc, argv, recvae::tools::export_command);
}
