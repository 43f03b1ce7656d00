// A request for a list, as a line of text says it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../../data/histories.h"
#include "../../data/vocabulary.h"

namespace recvae {

/// One user to answer: who it is, the items that a model is shown of it, and how its list differs from the others'.
struct Query {
  std::int64_t line = 0;                ///< of a text, from 1; 0: of none
  std::string user{};                   ///< a JSON value as it came; empty: none was given
  std::vector<std::int32_t> items{};    ///< indices that a model is shown; ascend, each once
  std::vector<std::int32_t> seen{};     ///< indices that are left out of the list, unless include_seen
  std::vector<std::int32_t> exclude{};  ///< indices that are left out of the list
  std::int64_t topk = 20;               ///< from 1 on
  bool include_seen = false;            ///< may the list have what was seen?
  std::optional<std::vector<std::int32_t>> candidates{};  ///< none: all

  /// May the two be answered together?
  bool asks_as(const Query& other) const {
    return topk == other.topk && include_seen == other.include_seen && !candidates && !other.candidates;
  }
};

/// A model's items by token, and what was asked for that it does not have.
class RECVAE_API Catalogue {
 public:
  /// Of these items, in index order.
  explicit Catalogue(const std::vector<std::string>& tokens) : items_(tokens) {}
  const std::vector<std::string>& tokens() const { return items_.tokens(); }  ///< in index order
  /// Of one item.
  const std::string& token(std::int32_t item) const { return tokens()[static_cast<std::size_t>(item)]; }

  /// Appends the item's index, or counts the token as unknown.
  void add(std::string_view token, std::vector<std::int32_t>& items);
  void count_unknown(std::string_view token, std::int64_t times = 1);  ///< counts a token as unknown
  /// Counts the rows of items that it does not have.
  void count_unknown(const data::Histories& histories);
  /// That a line of tokens has none that is known.
  void count_strange(std::int64_t line) { strange_ = strange_ == 0 ? line : strange_; }
  /// `3 unknown items were skipped, such as 'x', 'y'`; empty: there were none.
  std::string complaint() const;

 private:
  data::Vocabulary items_;
  std::int64_t unknown_ = 0, strange_ = 0;
  std::vector<std::string> examples_;  // excerpts of unknown tokens
};

/// Reads line number `query.line` of `source`: tokens between tabs; or, where it begins as JSON does, an object with
/// `items` and, if need be, `user`, `topk`, `exclude`, `candidates` and `include_seen`, each once, which change what
/// `query` has. In time and memory linear in its length. Throws data::DataError, `source:line: expected X, found Y`.
RECVAE_API Query parse_query(std::string_view text, const std::string& source, Query query, Catalogue& catalogue);

/// As JSON; bytes that are no UTF-8, which JSON cannot hold, become U+FFFD.
RECVAE_API std::string json_text(const std::string& text);

}  // namespace recvae
