#include "input.h"

#include <filesystem>
#include <set>
#include <system_error>

#include "../error.h"

namespace fs = std::filesystem;

namespace recvae::data {
namespace {

std::string without_gz(std::string name) {
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return name;
}

Format format_of(const std::string& path) {
  const std::string name = without_gz(fs::path(path).filename().string());
  if (name.ends_with(".inter")) return Format::inter;
  if (name == "u.data") return Format::u_data;
  if (name == "ratings.dat") return Format::ratings_dat;
  return name == "train.txt" || name == "test.txt" ? Format::adjacency : Format::table;
}

/// X of the one `X<ending>` in the directory; of several, the one that is called as the directory. Empty: none.
std::string stem_of(const std::string& directory, const std::string& ending) {
  std::set<std::string> stems;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::string name = without_gz(it->path().filename().string());
    if (!name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    const bool part =
        ending == ".inter" && (name.ends_with(".train") || name.ends_with(".valid") || name.ends_with(".test"));
    if (!part && !name.empty() && !find_file(directory, name + ending).empty()) stems.insert(name);
  }
  if (error) throw DataError(directory + ": " + error.message());
  if (stems.empty()) return {};
  if (stems.size() == 1) return *stems.begin();
  const std::string own = base_name(directory);
  if (!stems.contains(own)) {
    throw DataError(directory + ": expected one file *" + ending + ", found " + std::to_string(stems.size()));
  }
  return own;
}

/// The parts that `names` (of training, validation and test; the second may be missing unless `all`) name.
Input find_parts(const std::string& path, const std::string& stem, const std::vector<std::string>& names, bool all) {
  Input input;
  input.kind = Input::Kind::parts;
  input.format = Format::inter;
  std::string* files[] = {&input.train, &input.valid, &input.test};
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::string name = stem + "." + names[k] + ".inter";
    *files[k] = find_file(path, name);
    if (files[k]->empty() && (all || k != 1)) throw DataError(path + ": expected a file " + name + ", found none");
  }
  return input;
}

Input find_in_directory(const std::string& path, const DataOptions& options) {
  const std::optional<Format> format = options.format;
  const auto wanted = [&](Format one) { return format.value_or(one) == one; };
  Input input;
  if (const auto& names = options.benchmark_filename; !names.empty()) {
    const std::string ending = "." + names[0] + ".inter", stem = stem_of(path, ending);
    if (stem.empty()) throw DataError(path + ": expected a file *" + ending + ", found none");
    return find_parts(path, stem, names, true);
  }
  if (wanted(Format::prepared) && !find_file(path, "train.csv").empty()) {
    input.kind = Input::Kind::prepared;
    return input;
  }
  if (wanted(Format::inter)) {
    input.format = Format::inter;
    if (const std::string stem = stem_of(path, ".inter"); !stem.empty()) {
      input.file = find_file(path, stem + ".inter");
      return input;
    }
    if (const std::string stem = stem_of(path, ".train.inter"); !stem.empty()) {
      return find_parts(path, stem, {"train", "valid", "test"}, false);
    }
  }
  if (const std::string train = find_file(path, "train.txt"); wanted(Format::adjacency) && !train.empty()) {
    input.format = Format::adjacency;
    input.test = find_file(path, "test.txt");
    input.kind = input.test.empty() ? Input::Kind::raw : Input::Kind::parts;
    (input.test.empty() ? input.file : input.train) = train;
    return input;
  }
  const std::string expected =
      format ? "files of the format " + name_of(*format) : "train.csv, a file *.inter or train.txt";
  throw DataError(path + ": expected a directory with " + expected + ", found none");
}

}  // namespace

std::string base_name(const std::string& directory) {
  const fs::path path = fs::absolute(directory).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

std::string find_file(const std::string& directory, const std::string& name) {
  const std::string slash = directory.ends_with('/') ? "" : "/";
  for (const auto& path : {directory + slash + name, directory + slash + name + ".gz"}) {
    std::error_code unreadable;
    if (fs::is_regular_file(path, unreadable)) return path;
  }
  return {};
}

Input find_input(const DataOptions& options) {
  if (!options.text) {
    std::error_code error;
    const auto status = fs::status(options.path, error);
    if (!fs::exists(status))
      throw DataError(options.path + ": " + (error ? error.message() : "No such file or directory"));
    if (fs::is_directory(status)) return find_in_directory(options.path, options);
  }
  if (!options.benchmark_filename.empty())
    throw DataError(options.path + ": expected a directory, as --benchmark_filename names files in one");
  if (options.format == Format::prepared) throw DataError(options.path + ": expected a directory, found a file");
  Input input;
  const bool demo = options.path == "demo" && options.text;
  input.format = options.format.value_or(demo ? Format::dumpavail : format_of(options.path));
  if (!options.text) input.file = options.path;
  return input;
}

}  // namespace recvae::data
