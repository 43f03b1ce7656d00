#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace recvae::data {

/// The lines of a text, plain or gzip-compressed (told by its first bytes), read in blocks.
class TextSource {
 public:
  /// Reads the file at `path`. Throws DataError where it cannot be opened.
  static TextSource from_file(const std::string& path);
  /// Reads a copy of `text`; messages call it `name`.
  static TextSource from_text(std::string_view text, std::string name);

  TextSource(TextSource&&) noexcept;
  TextSource& operator=(TextSource&&) noexcept;
  ~TextSource();

  /// The next line without its end (LF or CRLF), and without a byte-order mark at the start of the text; false: no
  /// more. The view is valid until the next call. Throws DataError for a NUL byte, a read error, a damaged gzip.
  bool next(std::string_view& line);

  std::int64_t line() const;        ///< number of the line that `next` gave last, from 1; 0 before the first
  const std::string& name() const;  ///< the path as it was given

 private:
  struct State;
  explicit TextSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace recvae::data
