// Data sets as text. The first line of an input says how to read the rest, in words such as
//   inter split=time valid_from=3 test_from=5 gzip
// The rest is the text of one file, or of a directory's files where lines `--- NAME` stand before them.
#pragma once

#include <zlib.h>

#include <charconv>
#include <filesystem>
#include <functional>

#include "data/data.h"
#include "fuzz.h"

namespace recvae::test {

inline std::string gzip(std::string_view text, const std::string& path) {
  gzFile file = gzopen(path.c_str(), "wb1");
  if (!text.empty()) gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return path;
}

inline void set(std::string& value, std::string_view text) { value = text; }
inline void set(std::vector<double>& values, std::string_view text) {
  while (!text.empty() && values.size() < 100) {
    const std::string_view one = cut(text, ",");
    double value = 0;
    std::from_chars(one.data(), one.data() + one.size(), value);
    values.push_back(value);
  }
}
inline void set(std::vector<std::string>& values, std::string_view text) {
  while (!text.empty() && values.size() < 100) values.emplace_back(cut(text, ","));
}
template <class T>
void set(std::optional<T>& value, std::string_view text) {
  if constexpr (std::is_enum_v<T>) {
    try {
      data::parse_value(std::string(text), value);
    } catch (const std::invalid_argument&) {
    }
  } else {
    T parsed{};
    if (std::from_chars(text.data(), text.data() + text.size(), parsed).ec == std::errc{}) value = parsed;
  }
}

inline void set_option(data::DataOptions& o, std::string_view key, std::string_view text) {
  data::DataOptions::visit(
      [&](const data::Option& option, auto& member) {
        if (key == option.name && key != "data" && key != "data_format") set(member, text);
      },
      o);
}

/// The options of an input, whose data lie in `folder()`.
inline data::DataOptions data_of(std::string_view input) {
  static const char* kNames[] = {"train.csv",     "validation_tr.csv", "validation_te.csv", "test_tr.csv",
                                 "test_te.csv",   "unique_sid.txt",    "unique_uid.txt",    "x.inter",
                                 "x.train.inter", "x.valid.inter",     "x.test.inter",      "train.txt",
                                 "test.txt"};
  data::DataOptions options;
  bool compress = false;
  for (std::string_view words = cut(input, "\n"); !words.empty();) {
    std::string_view value = cut(words, " ");
    if (value == "gzip") compress = true;
    if (std::optional<data::Format> format; value.find('=') == std::string_view::npos) {
      set(format, value);
      if (format) options.format = format;
    }
    const std::string_view key = cut(value, "=");
    set_option(options, key, value);
  }
  const auto put = [&](const std::string& name, std::string_view text) {
    return compress ? gzip(text, folder().path(name + ".gz")) : folder().write(name, std::string(text));
  };
  if (!input.starts_with("--- ")) {
    options.path = put("x.csv", input);
    return options;
  }
  options.path = folder().path("x");
  std::filesystem::remove_all(options.path);
  std::filesystem::create_directory(options.path);
  for (input.remove_prefix(4); !input.empty();) {
    const std::string_view name = cut(input, "\n");
    std::string_view text = input.substr(0, std::min(input.find("\n--- "), input.size()));
    input.remove_prefix(std::min(text.size() + 5, input.size()));
    if (!text.empty()) text = {text.data(), text.size() + (input.empty() ? 0 : 1)};
    for (const char* known : kNames) {
      if (name == known) put("x/" + std::string(name), text);
    }
  }
  return options;
}

}  // namespace recvae::test
