#include "text_source.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "error.h"

namespace recvae::data {
namespace {

constexpr std::size_t block_size = std::size_t{1} << 18;
constexpr std::size_t longest_line = std::size_t{1} << 28;

std::string reason(int error) { return std::generic_category().message(error); }

/// Bytes of a file or of a text in memory.
class RawBytes {
 public:
  explicit RawBytes(std::string_view text) : text_(text) {}
  explicit RawBytes(const std::string& path) : file_(std::fopen(path.c_str(), "rb")), name_(path) {
    if (!file_) throw DataError(path + ": " + reason(errno));
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw DataError(path + ": expected a file, found a directory");
  }

  /// Fills the front of `out`; 0 at the end.
  std::size_t read(char* out, std::size_t capacity) {
    if (file_) {
      const std::size_t count = std::fread(out, 1, capacity, file_.get());
      if (count == 0 && std::ferror(file_.get())) throw DataError(name_ + ": " + reason(errno));
      return count;
    }
    const std::size_t count = std::min(capacity, text_.size());
    std::memcpy(out, text_.data(), count);
    text_.remove_prefix(count);
    return count;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::string name_;
  std::string_view text_;
};

/// Undoes gzip, members one after another included, if the first bytes say so; else hands on what it reads.
class Bytes {
 public:
  Bytes(RawBytes raw, std::string name) : raw_(std::move(raw)), name_(std::move(name)), in_(block_size) {
    refill();
    compressed_ = size_ >= 2 && in_[0] == '\x1f' && in_[1] == '\x8b';
    // 16 + 15: gzip with the largest window.
    if (compressed_ && inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw DataError(name_ + ": zlib has no memory");
  }
  ~Bytes() {
    if (compressed_) inflateEnd(&stream_);
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;

  std::size_t read(char* out, std::size_t capacity) {
    if (!compressed_) {
      if (used_ == size_) refill();
      const std::size_t count = std::min(capacity, size_ - used_);
      std::memcpy(out, in_.data() + used_, count);
      used_ += count;
      return count;
    }
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(capacity);
    while (stream_.avail_out == capacity) {
      if (used_ == size_) refill();
      if (size_ == 0) {
        if (!between_members_) throw DataError(name_ + ": expected more compressed data, found the end of the file");
        return 0;
      }
      if (between_members_ && inflateReset(&stream_) != Z_OK) throw DataError(name_ + ": zlib failed");
      stream_.next_in = reinterpret_cast<Bytef*>(in_.data() + used_);
      stream_.avail_in = static_cast<uInt>(size_ - used_);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      used_ = size_ - stream_.avail_in;
      between_members_ = status == Z_STREAM_END;
      if (status != Z_OK && status != Z_STREAM_END) {
        throw DataError(name_ + ": expected gzip data, found damage (" + (stream_.msg ? stream_.msg : "zlib error") +
                        ")");
      }
    }
    return capacity - stream_.avail_out;
  }

 private:
  void refill() {
    size_ = raw_.read(in_.data(), in_.size());
    used_ = 0;
  }

  RawBytes raw_;
  std::string name_;
  std::vector<char> in_;
  std::size_t used_ = 0, size_ = 0;
  z_stream stream_{};
  bool compressed_ = false;
  bool between_members_ = false;
};

}  // namespace

struct TextSource::State {
  State(RawBytes raw, std::string file) : bytes(std::move(raw), file), name(std::move(file)) {}

  Bytes bytes;
  std::string name;
  std::vector<char> buffer = std::vector<char>(block_size);
  std::size_t begin = 0, end = 0;  // what of the buffer has been read and not handed out
  std::int64_t line = 0;
  bool finished = false;

  /// Makes room behind `end`, reads into it; false at the end of the text.
  bool read_more() {
    if (begin > 0) {
      std::memmove(buffer.data(), buffer.data() + begin, end - begin);
      end -= begin;
      begin = 0;
    }
    if (end == buffer.size()) {
      if (buffer.size() >= longest_line) throw error_at(name, line + 1, "a line of at most 256 MiB", "a longer one");
      buffer.resize(2 * buffer.size());
    }
    const std::size_t count = bytes.read(buffer.data() + end, buffer.size() - end);
    end += count;
    return count > 0;
  }
};

TextSource::TextSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextSource::TextSource(TextSource&&) noexcept = default;
TextSource& TextSource::operator=(TextSource&&) noexcept = default;
TextSource::~TextSource() = default;

TextSource TextSource::from_file(const std::string& path) {
  return TextSource(std::make_unique<State>(RawBytes(path), path));
}

TextSource TextSource::from_text(std::string_view text, std::string name) {
  return TextSource(std::make_unique<State>(RawBytes(text), std::move(name)));
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
