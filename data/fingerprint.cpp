#include "fingerprint.h"

#include <xxhash.h>

#include <cstdint>
#include <cstdio>

namespace recvae::data {
namespace {

XXH128_hash_t hash_of(const std::string& token) { return XXH3_128bits(token.data(), token.size()); }

std::string digits_of(XXH128_hash_t hash) {
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return digits;
}

}  // namespace

// A sum of hashes depends on no order. Pairs are hashes of two hashes, so no token can run into the next.
std::string fingerprint(const Csr& rows, const std::vector<std::string>& user_tokens,
                        const std::vector<std::string>& item_tokens) {
  std::vector<XXH128_hash_t> items;
  items.reserve(item_tokens.size());
  for (const std::string& token : item_tokens) items.push_back(hash_of(token));
  std::uint64_t sums[3] = {};  // low and high halves of the hashes, and how many
  for (std::int64_t u = 0; u < rows.rows(); ++u) {
    XXH128_hash_t pair[2] = {hash_of(user_tokens[as_size(u)]), {}};
    for (const std::int32_t item : rows.row(u)) {
      pair[1] = items[as_size(item)];
      const XXH128_hash_t hash = XXH3_128bits(pair, sizeof pair);
      sums[0] += hash.low64;
      sums[1] += hash.high64;
      ++sums[2];
    }
  }
  return digits_of(XXH3_128bits(sums, sizeof sums));
}

std::string fingerprint(const Dataset& dataset, bool with_validation) {
  if (!with_validation) return fingerprint(dataset.train, dataset.user_tokens, dataset.item_tokens);
  const UserItems all = training_and_validation(dataset);
  return fingerprint(all.rows, all.user_tokens, dataset.item_tokens);
}

namespace {

template <class T>
void append_hash(std::vector<XXH128_hash_t>& hashes, const std::vector<T>& values) {
  hashes.push_back(XXH3_128bits(values.data(), values.size() * sizeof(T)));
}
void append_hash(std::vector<XXH128_hash_t>& hashes, const std::vector<std::string>& tokens) {
  std::vector<XXH128_hash_t> each;
  for (const std::string& token : tokens) each.push_back(hash_of(token));
  append_hash(hashes, each);
}
void append_hash(std::vector<XXH128_hash_t>& hashes, const Csr& rows) {
  append_hash(hashes, rows.indptr);
  hashes.push_back(XXH3_128bits(rows.items.data(), rows.items.size() * sizeof(std::int32_t)));
}

template <class... Parts>
std::string ordered_hash(const Parts&... parts) {
  std::vector<XXH128_hash_t> hashes;
  (append_hash(hashes, parts), ...);
  return digits_of(XXH3_128bits(hashes.data(), hashes.size() * sizeof(XXH128_hash_t)));
}

std::string ordered_hash(const HeldOut& part) {
  return ordered_hash(part.user_tokens, part.history, part.targets, part.masked);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> fingerprints(const Dataset& d) {
  return {{"the items or their order", ordered_hash(d.item_tokens)},
          {"the training users or their order", ordered_hash(d.user_tokens)},
          {"the training rows", ordered_hash(d.train)},
          {"the validation rows", ordered_hash(d.validation)},
          {"the test rows", ordered_hash(d.test)}};
}

std::string joined_fingerprint(const std::string& first, const std::string& last) {
  return first.empty() || first == last ? last : digits_of(hash_of(first + last));
}

}  // namespace recvae::data
