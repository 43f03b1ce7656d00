// What an optimiser or a sum keeps for each parameter.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "../module.h"

namespace ad::nn::detail {

/// A Kept for each parameter, made by Kept(parameter). They belong to parameters by identity, wherever a model moves
/// to; those of parameters that have gone are dropped when a new one is made. References hold until one is made or
/// dropped.
template <class T, class Kept>
class PerParameter {
 public:
  /// What is kept for `p`, or null. A search begins where the last one ended, so a walk in a module's order needs none.
  Kept* find(const Parameter<T>& p) {
    const char* const token = p.identity.token().get();
    for (std::size_t tried = 0; tried < entries_.size(); ++tried, ++last_) {
      if (last_ >= entries_.size()) last_ = 0;
      if (entries_[last_].token == token) return &entries_[last_].kept;
    }
    return nullptr;
  }
  /// What is kept for `p`; made if there was none.
  Kept& operator[](const Parameter<T>& p) {
    if (Kept* const known = find(p)) return *known;
    drop_gone();
    const std::shared_ptr<const char>& token = p.identity.token();
    last_ = entries_.size();
    return entries_.emplace_back(Entry{token, token.get(), Kept(p)}).kept;
  }

  /// Drops what is kept for parameters that have gone.
  void drop_gone() {
    std::erase_if(entries_, [](const Entry& e) { return e.parameter.expired(); });
  }
  /// Calls f(kept) for each, in the order in which they were made.
  template <class F>
  void for_each(const F& f) {
    for (Entry& e : entries_) f(e.kept);
  }

 private:
  struct Entry {
    std::weak_ptr<const char> parameter;  // keeps the token's address from being anyone else's
    const char* token;
    Kept kept;
  };

  std::vector<Entry> entries_;
  std::size_t last_ = 0;
};

}  // namespace ad::nn::detail
