#include "text_source.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "../error.h"

namespace recvae::data {
namespace {

constexpr std::size_t block_size = std::size_t{1} << 18;
constexpr std::size_t longest_line = std::size_t{1} << 28;

std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace

struct TextSource::State {
  struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };

  State(gzFile file_, std::string name_) : file(file_), name(std::move(name_)) {
    if (!file) throw DataError(name + ": " + reason(errno));
    gzbuffer(file.get(), block_size / 2);
  }

  std::unique_ptr<gzFile_s, Close> file;
  std::string name;
  std::vector<char> buffer = std::vector<char>(block_size);
  std::size_t begin = 0, end = 0;  // what of the buffer has been read and not handed out
  std::int64_t line = 0;
  bool finished = false;

  /// Makes room behind `end`, reads into it; false at the end of the text.
  bool read_more() {
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    end -= std::exchange(begin, 0);
    if (end == buffer.size()) {
      if (buffer.size() >= longest_line) throw error_at(name, line + 1, "a line of at most 256 MiB", "a longer one");
      buffer.resize(2 * buffer.size());
    }
    const int count = gzread(file.get(), buffer.data() + end, static_cast<unsigned>(buffer.size() - end));
    int status = Z_OK;
    gzerror(file.get(), &status);
    if (status == Z_ERRNO) throw DataError(name + ": " + reason(errno));
    if (status == Z_BUF_ERROR) throw DataError(name + ": expected more compressed data, found the end of the file");
    if (status != Z_OK || count < 0) throw DataError(name + ": expected gzip data, found damage");
    end += static_cast<std::size_t>(count);
    return count > 0;
  }
};

TextSource::TextSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextSource::TextSource(TextSource&&) noexcept = default;
TextSource& TextSource::operator=(TextSource&&) noexcept = default;
TextSource::~TextSource() = default;

TextSource TextSource::from_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) throw DataError(path + ": expected a file, found a directory");
  return TextSource(std::make_unique<State>(gzopen(path.c_str(), "rbe"), path));
}

TextSource TextSource::from_text(std::string_view text, std::string name) {
  const int fd = memfd_create("text", MFD_CLOEXEC);  // zlib reads files only
  gzFile file = fd < 0 ? nullptr : gzdopen(fd, "rb");
  TextSource source(std::make_unique<State>(file, std::move(name)));
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0) throw DataError(source.name() + ": " + reason(errno));
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  lseek(fd, 0, SEEK_SET);
  return source;
}

std::int64_t TextSource::line() const { return state_->line; }
const std::string& TextSource::name() const { return state_->name; }

bool TextSource::next(std::string_view& line) {
  State& s = *state_;
  std::size_t scanned = 0;  // of the bytes from s.begin on, how many are known to hold no line end
  for (;;) {
    const char* start = s.buffer.data() + s.begin;
    const std::size_t size = s.end - s.begin;
    const void* found = std::memchr(start + scanned, '\n', size - scanned);
    if (!found && !s.finished) {
      scanned = size;
      s.finished = !s.read_more();
      continue;
    }
    if (!found && size == 0) return false;
    const std::size_t length = found ? static_cast<std::size_t>(static_cast<const char*>(found) - start) : size;
    line = {start, length};
    s.begin += length + (found ? 1 : 0);
    ++s.line;
    if (line.find('\0') != std::string_view::npos) throw error_at(s.name, s.line, "text", "a NUL byte");
    if (s.line == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }
}

}  // namespace recvae::data
