#include "checksum.h"

#include <xxhash.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <new>
#include <vector>

#include "../autodiff/tensor.h"

namespace ad::nn {

struct Checksum::State {
  XXH3_state_t* hash = XXH3_createState();
  State() {
    if (!hash) throw std::bad_alloc();
    XXH3_128bits_reset(hash);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(hash); }
};

Checksum::Checksum() : state_(std::make_unique<State>()) {}
Checksum::~Checksum() = default;
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;

void Checksum::add(const void* bytes, std::size_t count) { XXH3_128bits_update(state_->hash, bytes, count); }

std::string Checksum::digits() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_->hash);
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

std::string checksum_of_file(const std::string& path) {
  std::ifstream file;
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) file.open(path, std::ios::binary);
  if (!file.is_open()) throw Error(path + ": cannot be opened");
  Checksum sum;
  std::vector<char> block(std::size_t{1} << 20);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    sum.add(block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) throw Error(path + ": read error");
  return sum.digits();
}

}  // namespace ad::nn
