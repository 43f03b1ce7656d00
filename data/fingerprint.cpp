#include "fingerprint.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>

namespace recvae::data {
namespace {

XXH128_hash_t hash_of(const std::string& token) { return XXH3_128bits(token.data(), token.size()); }

std::string digits_of(XXH128_hash_t hash) {
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return digits;
}

/// A sum of hashes depends on no order. Pairs are hashes of two hashes, so no token can run into the next.
class Fingerprint {
 public:
  explicit Fingerprint(const std::vector<std::string>& item_tokens) {
    items_.reserve(item_tokens.size());
    for (const std::string& token : item_tokens) items_.push_back(hash_of(token));
  }
  template <class Row>
  void add(const std::string& user, const Row& row) {
    XXH128_hash_t pair[2] = {hash_of(user), {}};
    for (const std::int32_t item : row) {
      pair[1] = items_[as_size(item)];
      const XXH128_hash_t hash = XXH3_128bits(pair, sizeof pair);
      sums_[0] += hash.low64;
      sums_[1] += hash.high64;
      ++sums_[2];
    }
  }
  std::string text() const { return digits_of(XXH3_128bits(sums_, sizeof sums_)); }

 private:
  std::vector<XXH128_hash_t> items_;
  std::uint64_t sums_[3] = {};  // low and high halves of the hashes, and how many
};

}  // namespace

std::string fingerprint(const Csr& rows, const std::vector<std::string>& user_tokens,
                        const std::vector<std::string>& item_tokens) {
  Fingerprint sum(item_tokens);
  for (std::int64_t u = 0; u < rows.rows(); ++u) sum.add(user_tokens[as_size(u)], rows.row(u));
  return sum.text();
}

std::string fingerprint(const Dataset& dataset, bool with_validation) {
  if (!with_validation) return fingerprint(dataset.train, dataset.user_tokens, dataset.item_tokens);
  Fingerprint sum(dataset.item_tokens);
  const auto add_all = [&](const Csr& rows, const std::vector<std::string>& users) {
    for (std::int64_t u = 0; u < rows.rows(); ++u) sum.add(users[as_size(u)], rows.row(u));
  };
  const HeldOut& validation = dataset.validation;
  add_all(dataset.train, dataset.user_tokens);
  if (dataset.strong) add_all(validation.history, validation.user_tokens);  // else it is in the training part
  std::vector<std::int32_t> more;
  for (std::int64_t u = 0; u < validation.targets.rows(); ++u) {
    const auto targets = validation.targets.row(u), history = validation.history.row(u);
    more.clear();
    std::set_difference(targets.begin(), targets.end(), history.begin(), history.end(), std::back_inserter(more));
    sum.add(validation.user_tokens[as_size(u)], more);
  }
  return sum.text();
}

std::string joined_fingerprint(const std::string& first, const std::string& last) {
  return first.empty() || first == last ? last : digits_of(hash_of(first + last));
}

}  // namespace recvae::data
