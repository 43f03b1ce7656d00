#include "text_source.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>
#include <vector>

#include "../error.h"

namespace recvae::data {
namespace {

constexpr std::size_t block_size = std::size_t{1} << 18;  // that is read at once
constexpr std::size_t taken_size = std::size_t{1} << 20;  // of lines that are taken
constexpr std::size_t longest_line = std::size_t{1} << 28;

DataError system_error(const std::string& name) {
  return DataError(name + ": " + std::generic_category().message(errno));
}

/// What gzip puts around data: members one after another, and zeros behind the last where a device filled a block.
class Gunzip {
 public:
  explicit Gunzip(std::string name) : name_(std::move(name)) {
    if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~Gunzip() { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  /// Inflates from `in`, which loses what is used, to `to`; how many bytes became of it.
  std::size_t operator()(std::string_view& in, char* to, std::size_t size) {
    if (!inside_) in.remove_prefix(std::min(in.find_first_not_of('\0'), in.size()));
    if (in.empty() && !full_) return 0;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(size);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      throw DataError(name_ + ": expected gzip data, found damage");
    }
    in.remove_prefix(in.size() - stream_.avail_in);
    inside_ = status != Z_STREAM_END;
    if (!inside_) inflateReset(&stream_);
    full_ = inside_ && stream_.avail_out == 0;
    return size - stream_.avail_out;
  }
  void check_end() const {
    if (inside_) throw DataError(name_ + ": expected more compressed data, found the end of the file");
  }

 private:
  std::string name_;
  z_stream stream_{};
  bool inside_ = false, full_ = false;  // in a member; there may be more to write without more to read
};

}  // namespace

struct TextSource::State {
  State(int descriptor_, std::string name_, Stream stream_, bool owned_ = false)
      : descriptor(descriptor_), owned(owned_), name(std::move(name_)), stream(std::move(stream_)) {}
  ~State() {
    if (owned) close(descriptor);
  }

  int descriptor;  // -1: `text` is all there is
  bool owned;
  std::string name;
  Stream stream;
  std::string text;
  std::int64_t bytes = 0;    // read so far
  std::vector<char> packed;  // what has been read of a gzip file
  std::string_view unread;   // the part of `packed` that waits to be inflated
  std::unique_ptr<Gunzip> gunzip;
  std::vector<char> buffer;
  std::size_t begin = 0, end = 0;  // what of the buffer has been read and not handed out
  std::int64_t line = 0;
  std::size_t lines_taken = 0;
  bool started = false, finished = false;
  bool has_nul = false;  // somewhere in what was read

  /// Bytes as they come; 0 at the end.
  std::size_t read_bytes(char* to, std::size_t size) {
    const auto check_stop = [&] {
      if (stream.stop && stream.stop()) throw Stopped();
    };
    ssize_t count = -1;
    do {
      check_stop();
      count = descriptor < 0 ? static_cast<ssize_t>(text.copy(to, size, static_cast<std::size_t>(bytes)))
                             : read(descriptor, to, size);
    } while (count < 0 && errno == EINTR);
    if (count < 0) throw system_error(name);
    check_stop();
    bytes += count;
    if (stream.progress) stream.progress(bytes);
    if (count == 0 && stream.end) std::exchange(stream.end, nullptr)(bytes);
    return static_cast<std::size_t>(count);
  }

  /// Bytes of the text; 0 at the end.
  std::size_t read_text(char* to, std::size_t size) {
    if (!gunzip) return read_bytes(to, size);
    for (;;) {
      if (const std::size_t count = (*gunzip)(unread, to, size); count > 0) return count;
      if (unread.empty()) unread = {packed.data(), read_bytes(packed.data(), packed.size())};
      if (unread.empty()) {
        gunzip->check_end();
        return 0;
      }
    }
  }

  void look_for_nul(std::size_t from, std::size_t count) {
    has_nul = has_nul || std::memchr(buffer.data() + from, 0, count);
  }

  /// Reads until the first bytes tell what it is.
  void start() {
    buffer.resize(block_size);
    while (end == 0 || (end == 1 && buffer[0] == '\x1f')) {
      const std::size_t count = read_bytes(buffer.data() + end, buffer.size() - end);
      look_for_nul(end, count);
      end += count;
      if ((finished = count == 0)) break;
    }
    if (!std::string_view(buffer.data(), end).starts_with("\x1f\x8b")) return;
    has_nul = false;
    gunzip = std::make_unique<Gunzip>(name);
    packed = buffer;
    unread = {packed.data(), std::exchange(end, 0)};
  }

  std::string_view unused() const { return {buffer.data() + begin, end - begin}; }

  DataError too_long(std::int64_t at) const { return error_at(name, at, "a line of at most 256 MiB", "a longer one"); }

  /// Makes room behind `end` and reads into it; false at the end of the text.
  bool read_more() {
    if (begin == end || end == buffer.size()) {  // else what is there need not move
      std::copy(buffer.data() + begin, buffer.data() + end, buffer.data());
      end -= std::exchange(begin, 0);
    }
    if (end == longest_line + 2) throw too_long(line + 1);  // CR and LF
    if (end == buffer.size()) buffer.resize(std::min(2 * buffer.size(), longest_line + 2));
    const std::size_t count = read_text(buffer.data() + end, buffer.size() - end);
    look_for_nul(end, count);
    end += count;
    return count > 0;
  }
};

TextSource::TextSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextSource::TextSource(TextSource&&) noexcept = default;
TextSource& TextSource::operator=(TextSource&&) noexcept = default;
TextSource::~TextSource() = default;

TextSource TextSource::from_file(const std::string& path, Stream stream) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) throw DataError(path + ": expected a file, found a directory");
  int descriptor = -1;
  do {  // of a pipe, it waits for a writer
    if (stream.stop && stream.stop()) throw Stopped();
    descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) throw system_error(path);
  return TextSource(std::make_unique<State>(descriptor, path, std::move(stream), true));
}

TextSource TextSource::from_descriptor(int descriptor, std::string name, Stream stream) {
  return TextSource(std::make_unique<State>(descriptor, std::move(name), std::move(stream)));
}

TextSource TextSource::from_text(std::string_view text, std::string name) {
  TextSource source = from_descriptor(-1, std::move(name));
  source.state_->text = text;
  return source;
}

std::int64_t TextSource::line() const { return state_->line; }
const std::string& TextSource::name() const { return state_->name; }

bool TextSource::buffered() const {
  const State& s = *state_;
  return s.end > s.begin && (s.finished || std::memchr(s.buffer.data() + s.begin, '\n', s.end - s.begin));
}

std::size_t TextSource::lines_taken() const { return state_->lines_taken; }

bool TextSource::waits() const {
  const State& s = *state_;
  if (s.descriptor < 0 || s.finished || !s.unread.empty()) return false;
  pollfd readable{s.descriptor, POLLIN, 0};
  return poll(&readable, 1, 0) == 0;
}

std::optional<TextSource> TextSource::take_lines() {
  State& s = *state_;
  if (!std::exchange(s.started, true)) s.start();
  if (s.buffer.size() < taken_size) s.buffer.resize(taken_size);
  std::size_t whole = s.unused().rfind('\n') + 1;  // bytes of whole lines
  while (!s.finished && (whole == 0 || (s.unused().size() < taken_size && !waits()))) {
    const std::size_t scanned = s.unused().size();
    s.finished = !s.read_more();
    if (const auto found = s.unused().substr(scanned).rfind('\n'); found != std::string_view::npos)
      whole = scanned + found + 1;
  }
  if (s.finished) whole = s.unused().size();
  if (whole == 0) return {};

  auto taken = std::make_unique<State>(-1, s.name, Stream{});
  const std::string_view lines = s.unused().substr(0, whole);
  taken->buffer.assign(lines.begin(), lines.end());
  taken->end = whole;
  taken->started = taken->finished = true;
  taken->has_nul = s.has_nul;
  taken->line = s.line;
  taken->lines_taken = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')) + !lines.ends_with('\n');
  s.line += static_cast<std::int64_t>(taken->lines_taken);
  s.begin += whole;
  return TextSource(std::move(taken));
}

bool TextSource::next(std::string_view& line) {
  State& s = *state_;
  if (!std::exchange(s.started, true)) s.start();
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
    if (s.has_nul && line.find('\0') != std::string_view::npos) throw error_at(s.name, s.line, "text", "a NUL byte");
    if (s.line == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > longest_line) throw s.too_long(s.line);
    return true;
  }
}

}  // namespace recvae::data
