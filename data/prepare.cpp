#include "prepare.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <random>
#include <system_error>
#include <utility>

#include "error.h"
#include "load.h"
#include "read/input.h"

namespace fs = std::filesystem;

namespace recvae::data {
namespace {

/// Waits until a file is on the disk, or a directory where its system can do that.
void sync(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!synced && !fs::is_directory(path))
    throw fs::filesystem_error("cannot write", path, std::error_code(error, std::generic_category()));
}

constexpr const char* kTemporary = ".tmp-";

/// Is there something else in it than what a preparation left that was killed, or that goes on?
bool is_in_use(const fs::path& directory) {
  const auto is_ours = [](const fs::directory_entry& entry) {
    return entry.path().filename().string().starts_with(kTemporary);
  };
  return !std::all_of(fs::directory_iterator(directory), fs::directory_iterator(), is_ours);
}

[[noreturn]] void refuse(const fs::path& directory) {
  throw DataError(directory.string() + ": expected a new or an empty directory, found one that is in use");
}

/// A directory beside its final place, with the parents that are missing; where there is an empty one already, which
/// somebody may stand in, within it. All that was made is removed unless it gets there.
class WorkDirectory {
 public:
  explicit WorkDirectory(const fs::path& final_path) : WorkDirectory() {  // a throw runs the destructor
    final_ = final_path;
    for (fs::path p = final_; !fs::exists(p); p = p.parent_path()) {
      if (fs::is_symlink(p)) throw DataError(p.string() + ": expected a directory, found a link that leads nowhere");
      if (p != final_) parents_.push_back(p);
    }
    there_ = fs::exists(final_);
    fs::create_directories(final_.parent_path());
    std::random_device random;
    do {
      const std::string name = kTemporary + std::to_string(random());
      path_ = there_ ? final_ / name : fs::path(final_.string() + name);
    } while (!fs::create_directory(path_));
  }
  ~WorkDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
    for (const auto& parent : parents_) fs::remove(parent, ignored);  // refused where somebody else uses it
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  const fs::path& path() const { return path_; }
  void finish() {
    sync(path_);
    if (there_) {
      if (is_in_use(final_)) refuse(final_);  // since it was looked at
      std::vector<fs::path> files(fs::directory_iterator(path_), {});
      // Training rows, by which readers know a prepared directory, come last.
      std::stable_partition(files.begin(), files.end(), [](const fs::path& file) {
        return file.filename().string().find("train.") == std::string::npos;
      });
      for (const fs::path& file : files) fs::rename(file, final_ / file.filename());
      fs::remove(path_);
      sync(final_);
    } else {
      fs::rename(path_, final_);
    }
    sync(final_.parent_path());
    path_.clear();
    parents_.clear();
  }

 private:
  WorkDirectory() = default;
  fs::path final_, path_;
  bool there_ = false;
  std::vector<fs::path> parents_;  // the deepest first
};

using Stop = std::function<bool()>;

/// Writes `header` and then what `append(text, k)` appends for k in [begin, end).
template <class Append>
void write_lines(const fs::path& path, const char* header, std::size_t begin, std::size_t end, Append append,
                 const Stop& stop) {
  constexpr std::size_t block = std::size_t{1} << 20;
  std::ofstream file(path, std::ios::binary);
  std::string text = header;
  text.reserve(block + (block >> 4));
  for (std::size_t k = begin; k < end && file; ++k) {
    append(text, k);
    if (text.size() < block) continue;
    if (stop && stop()) throw Stopped();
    file << text;
    text.clear();
  }
  file << text;
  file.close();
  if (!file) throw fs::filesystem_error("cannot write", path, std::error_code(errno, std::generic_category()));
  sync(path);
}

/// The shortest digits that are this number, without an exponent.
void append_number(std::string& text, double value) {
  char digits[512], *end;
  const double tenths = value * 10;
  if (!std::signbit(value) && value < 1e12 && std::trunc(tenths) == tenths && tenths / 10 == value) {  // most are
    const auto all = static_cast<std::int64_t>(tenths);
    end = std::to_chars(digits, std::end(digits), all / 10).ptr;
    if (all % 10 != 0) *end++ = '.', *end++ = static_cast<char>('0' + all % 10);
  } else {
    end = std::to_chars(digits, std::end(digits), value, std::chars_format::fixed).ptr;
  }
  text.append(digits, end);
}

void write(const StrongSplit& split, const fs::path& directory, const Stop& stop) {
  const auto rows = [&](const char* name, const IndexedRows& part) {
    const auto append = [&](std::string& text, std::size_t k) {
      char line[32], *end = std::to_chars(line, std::end(line), part.uid[k]).ptr;
      *end++ = ',';
      end = std::to_chars(end, std::end(line), part.sid[k]).ptr;
      *end++ = '\n';
      text.append(line, end);
    };
    write_lines(directory / name, "uid,sid\n", 0, part.uid.size(), append, stop);
  };
  const auto tokens = [&](const char* name, const std::vector<std::string>& all) {
    const auto append = [&](std::string& text, std::size_t k) { text.append(all[k]).append("\n"); };
    write_lines(directory / name, "", 0, all.size(), append, stop);
  };
  rows("train.csv", split.train);
  rows("validation_tr.csv", split.validation_tr);
  rows("validation_te.csv", split.validation_te);
  rows("test_tr.csv", split.test_tr);
  rows("test_te.csv", split.test_te);
  tokens("unique_sid.txt", split.item_tokens);
  tokens("unique_uid.txt", split.user_tokens);
}

/// Throws DataError for a token that would not be one line, or (`fields`) one field of one.
void require_writable(const std::vector<std::string>& tokens, const std::string& path, bool fields) {
  for (const auto& token : tokens) {
    if (token.find_first_of(fields ? "\t\r\n" : "\r\n") == std::string::npos) continue;
    throw DataError(path +
                    (fields ? ": expected ids without tabs and line ends, which .inter files"
                            : ": expected ids without line ends, which lists of ids") +
                    " cannot hold, found " + excerpt(token));
  }
}

void write(const WeakSplit& split, const fs::path& directory, const std::string& name, const Stop& stop) {
  const Interactions& rows = split.rows;
  std::string header = "user_id:token\titem_id:token";
  if (!rows.ratings.empty()) header += "\trating:float";
  if (!rows.times.empty()) header += "\ttimestamp:float";
  header += "\n";
  const auto append = [&](std::string& text, std::size_t k) {
    text.append(rows.user_tokens[as_size(rows.users[k])]).append("\t");
    text.append(rows.item_tokens[as_size(rows.items[k])]);
    for (const auto* column : {&rows.ratings, &rows.times}) {
      if (!column->empty()) append_number(text.append("\t"), (*column)[k]);
    }
    text.append("\n");
  };
  const auto part = [&](const char* ending, std::int64_t begin, std::int64_t end) {
    write_lines(directory / (name + ending), header.c_str(), as_size(begin), as_size(end), append, stop);
  };
  part(".train.inter", 0, split.train_end);
  part(".valid.inter", split.train_end, split.valid_end);
  part(".test.inter", split.valid_end, rows.rows());
}

}  // namespace

Summary prepare(const DataOptions& options, const std::string& directory) {
  const Stop& stop = options.stop;
  check_options(options);
  if (directory.empty()) throw UsageError("--out: expected a directory, found nothing");
  try {
    fs::path target = fs::weakly_canonical(fs::absolute(directory));
    if (!target.has_filename()) target = target.parent_path();
    if (fs::exists(target) && !(fs::is_directory(target) && !is_in_use(target))) refuse(directory);
    Split split = load_split(options, true);
    const auto* weak = std::get_if<WeakSplit>(&split);
    const auto* strong = std::get_if<StrongSplit>(&split);
    for (const auto* tokens : {strong ? &strong->user_tokens : &weak->rows.user_tokens,
                               strong ? &strong->item_tokens : &weak->rows.item_tokens}) {
      require_writable(*tokens, options.path, !strong);
    }
    if (stop && stop()) throw Stopped();
    std::future<Summary> summary = std::async(std::launch::async, [&] {  // while files are written
      return make_dataset(weak ? Split(weak->pairs()) : split, options).summary;
    });
    WorkDirectory work(target);
    if (weak) {
      write(*weak, work.path(), base_name(directory), stop);
    } else {
      write(*strong, work.path(), stop);
    }
    if (stop && stop()) throw Stopped();
    Summary done = summary.get();
    work.finish();
    return done;
  } catch (const fs::filesystem_error& error) {
    throw DataError(directory + ": cannot be written: " + error.code().message());
  }
}

}  // namespace recvae::data
