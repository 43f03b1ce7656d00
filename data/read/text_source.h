#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "../../autodiff/kernels/api.h"

namespace recvae::data {

/// The lines of a text, plain or gzip-compressed (told by its first bytes), as they come.
class RECVAE_API TextSource {
 public:
  /// How a text is read that comes from elsewhere.
  struct Stream {
    std::function<bool()> stop;                   ///< asked before and after each wait: true makes `next` throw Stopped
    std::function<void(std::int64_t bytes)> end;  ///< called once, at the end of so many bytes; may throw
    std::function<void(std::int64_t bytes)> progress;  ///< called after each read, with all bytes so far
  };

  /// Reads the file at `path`. Throws DataError where it cannot be opened.
  static TextSource from_file(const std::string& path, Stream stream = {});
  /// Reads a file descriptor, which stays open; messages call it `name`.
  static TextSource from_descriptor(int descriptor, std::string name, Stream stream = {});
  /// Reads a copy of `text`; messages call it `name`.
  static TextSource from_text(std::string_view text, std::string name);

  TextSource(TextSource&&) noexcept;             ///< takes over
  TextSource& operator=(TextSource&&) noexcept;  ///< takes over
  ~TextSource();

  /// The next line without its end (LF or CRLF), and without a byte-order mark at the start of the text, as soon as it
  /// is there; false: no more. The view is valid until the next call. Throws DataError for a NUL byte, a line of more
  /// than 256 MiB, a read error, a damaged gzip.
  bool next(std::string_view& line);

  /// The next lines, whole, of at most about 1 MiB those that are there, as a source of their own that needs no reading
  /// and goes on with the numbers of the lines; nothing: no more. Throws as `next`; what it finds wrong in a line, that
  /// source's `next` throws.
  std::optional<TextSource> take_lines();
  std::size_t lines_taken() const;  ///< how many there were in such a source

  bool waits() const;               ///< would reading have to wait for somebody to write?
  bool buffered() const;            ///< would `next` return at once, without reading?
  std::int64_t line() const;        ///< number of the line that `next` gave last, from 1; 0 before the first
  const std::string& name() const;  ///< the path as it was given

 private:
  struct State;
  explicit TextSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace recvae::data
