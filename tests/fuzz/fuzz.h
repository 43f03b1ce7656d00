// What the fuzz targets share. A target is one function over bytes; what it throws by contract is caught here, and
// everything else (a crash, a sanitizer's finding, any other exception, a broken promise) ends the process.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../support/temp_dir.h"
#include "autodiff/tensor.h"
#include "data/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace recvae::test {

/// Ends the process where a promise does not hold.
inline void promise(bool held, const char* what) {
  if (held) return;
  std::fprintf(stderr, "promise broken: %s\n", what);
  std::abort();
}

/// Runs `body`; an error by contract is one line that says something. True: there was none.
template <class F>
bool survives(F body) {
  std::string message;
  try {
    body();
    return true;
  } catch (const data::DataError& e) {
    message = e.what();
  } catch (const ad::Error& e) {
    message = e.what();
  } catch (const std::invalid_argument& e) {  // settings, metrics, options (data::UsageError)
    message = e.what();
  }
  promise(!message.empty(), "an error says what is wrong");
  promise(message.size() < 4096, "an error is one line that can be read");
  promise(message.find('\n') == std::string::npos, "an error is one line");
  return false;
}

/// One folder per process: the files of an input replace those of the one before.
inline const TempDir& folder() {
  static const TempDir dir;
  return dir;
}

/// Cuts `text` at the first `separator`, which is in neither part; the rest is left in `text`.
inline std::string_view cut(std::string_view& text, std::string_view separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view first = text.substr(0, end);
  text.remove_prefix(std::min(end + separator.size(), text.size()));
  return first;
}

inline std::string_view as_text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace recvae::test
