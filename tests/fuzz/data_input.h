// Data sets as text. The first line of an input says how to read the rest, in words such as
//   inter split=time valid_from=3 test_from=5 gzip
// The rest is the text of one file, or of a directory's files where lines `--- NAME` stand before them.
#pragma once

#include <zlib.h>

#include <charconv>
#include <filesystem>
#include <functional>
#include <map>

#include "data/data.h"
#include "fuzz.h"

namespace recvae::test {

inline std::string gzip(std::string_view text, const std::string& path) {
  gzFile file = gzopen(path.c_str(), "wb1");
  if (!text.empty()) gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return path;
}

template <class T>
void set(std::optional<T>& value, std::string_view text) {
  T parsed{};
  if (std::from_chars(text.data(), text.data() + text.size(), parsed).ec == std::errc{}) value = parsed;
}

inline void set_option(data::DataOptions& o, std::string_view key, std::string_view text) {
  const auto number = [&](double& out) { return std::from_chars(text.data(), text.data() + text.size(), out); };
  if (key == "threshold")
    set(o.threshold, text);
  else if (key == "min_users_per_item")
    set(o.min_users_per_item, text);
  else if (key == "min_items_per_user")
    set(o.min_items_per_user, text);
  else if (key == "heldout_users")
    set(o.heldout_users, text);
  else if (key == "split_seed")
    set(o.split_seed, text);
  else if (key == "validation_ratio")
    set(o.validation_ratio, text);
  else if (key == "split")
    o.split = text;
  else if (key == "order")
    o.order = text;
  else if (key == "group_by")
    o.group_by = text;
  else if (key == "valid_from")
    o.valid_from = text;
  else if (key == "test_from")
    o.test_from = text;
  else if (key == "time_users")
    o.time_users = text;
  else if (key == "test_history")
    o.test_history = text;
  else if (key == "user_field")
    o.user_field = text;
  else if (key == "item_field")
    o.item_field = text;
  else if (key == "rating_field")
    o.rating_field = text;
  else if (key == "time_field")
    o.time_field = text;
  else if (key == "ratios") {
    while (!text.empty() && o.ratios.size() < 100) {
      const std::string_view one = cut(text, ",");
      double value = 0;
      std::from_chars(one.data(), one.data() + one.size(), value);
      o.ratios.push_back(value);
    }
  } else if (double seed = 0; key == "seed" && number(seed).ec == std::errc{} && seed >= 0 && seed < 1e18) {
    o.seed = static_cast<std::uint64_t>(seed);
  }
}

/// The options of an input, whose data lie in `folder()`.
inline data::DataOptions data_of(std::string_view input) {
  static const std::map<std::string_view, std::string_view> kFormats = {{"table", "table"},
                                                                        {"csv", "csv"},
                                                                        {"inter", "inter"},
                                                                        {"u.data", "u.data"},
                                                                        {"ratings.dat", "ratings.dat"},
                                                                        {"adjacency", "adjacency"},
                                                                        {"prepared", "prepared"},
                                                                        {"dumpavail", "dumpavail"},
                                                                        {"any", ""}};
  static const char* kNames[] = {"train.csv",     "validation_tr.csv", "validation_te.csv", "test_tr.csv",
                                 "test_te.csv",   "unique_sid.txt",    "unique_uid.txt",    "x.inter",
                                 "x.train.inter", "x.valid.inter",     "x.test.inter",      "train.txt",
                                 "test.txt"};
  data::DataOptions options;
  bool compress = false;
  for (std::string_view words = cut(input, "\n"); !words.empty();) {
    std::string_view value = cut(words, " ");
    if (value == "gzip") compress = true;
    if (const auto format = kFormats.find(value); format != kFormats.end()) options.format = format->second;
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
