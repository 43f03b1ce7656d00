#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "../support/datasets.h"
#include "data/data.h"

namespace recvae::test {

/// `text` as gzip writes it.
inline std::string gzipped(const std::string& text) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// What `action` throws, as its message; a type of its own in front: `usage: ...`.
template <class Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const data::UsageError& error) {
    return std::string("usage: ") + error.what();
  } catch (const data::DataError& error) {
    return error.what();
  }
  return "no error";
}

inline data::DataOptions options_for(const std::string& path) {
  data::DataOptions options;
  options.path = path;
  return options;
}

/// Options for MovieLens 100K, for cases that `needs_datasets()`.
inline data::DataOptions ml_100k() { return options_for(dataset("ml-100k/ml-100k.inter")); }

inline std::vector<std::int32_t> row(const data::Csr& matrix, std::int64_t u) {
  const auto items = matrix.row(u);
  return {items.begin(), items.end()};
}

/// `user:item` of every row.
inline std::vector<std::string> pairs(const data::Interactions& rows) {
  std::vector<std::string> out;
  for (std::size_t k = 0; k < rows.users.size(); ++k) {
    out.push_back(rows.user_tokens[static_cast<std::size_t>(rows.users[k])] + ":" +
                  rows.item_tokens[static_cast<std::size_t>(rows.items[k])]);
  }
  return out;
}

/// A row of a table with times.
struct TimedRow {
  const char *user, *item;
  double time;
};

inline data::Interactions timed_rows(const std::vector<TimedRow>& rows) {
  data::InteractionBuilder builder;
  for (const auto& row : rows) builder.add(row.user, row.item, {}, row.time);
  return builder.take();
}

/// A ratings table of `users` users, some pairs twice, made by a fixed rule.
inline std::string some_table(int users, int items = 40, int per_user = 12) {
  std::string out = "userId,movieId,rating,timestamp\n";
  unsigned state = 1;
  const auto next = [&](int n) {
    state = state * 1664525u + 1013904223u;
    return static_cast<int>((state >> 8) % static_cast<unsigned>(n));
  };
  for (int k = 0; k < users * per_user; ++k) {
    out += std::to_string(next(users)) + "," + std::to_string(100 + next(items)) + "," + std::to_string(1 + next(5)) +
           "," + std::to_string(next(1000)) + "\n";
  }
  return out;
}

}  // namespace recvae::test
