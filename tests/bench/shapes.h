// Made-up interactions in the shape of known data sets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/csr.h"

namespace recvae::bench {

struct Shape {
  std::string name;
  std::int32_t items;
  double per_user;     ///< mean length of a row
  std::int64_t users;  ///< of the training part of the whole data set
};

/// ml20m, netflix, msd (as vae_cf prepares them), ml1m, articles20k.
const std::vector<Shape>& known_shapes();

/// Throws std::invalid_argument that names the known ones.
const Shape& find_shape(const std::string& name);

/// Rows [first_user, first_user + users): lengths are lognormal, within 5 and a quarter of the items, with the mean
/// asked for; items are drawn without repetition, item i with weight 1 / (i + 20)^0.95: popular ones come first, as
/// they do where items are numbered in order of appearance. Row u depends on items, per_user and u alone.
data::Csr make_rows(std::int32_t items, double per_user, std::int64_t users, std::int64_t first_user = 0);

}  // namespace recvae::bench
