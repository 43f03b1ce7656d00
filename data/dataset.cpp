#include "dataset.h"

namespace recvae::data {

std::string describe(const Summary& s) {
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  return number(s.rows_read) + " rows read, " + number(s.rows) + " kept (" + number(s.duplicates) + " repeated), " +
         number(s.users) + " users x " + number(s.items) + " items; " + number(s.train_users) + " users to train, " +
         number(s.validation_users) + " + " + number(s.test_users) + " held out";
}

}  // namespace recvae::data
